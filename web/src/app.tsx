// The frame: header with the fleet's state and the connection's, navigation, and the page that the address names.
import { AlertsPage } from './alerts/alerts-page.tsx'
import { FleetPage } from './fleet/fleet-page.tsx'
import { GatewayPage } from './gateway/gateway-page.tsx'
import { Header } from './header.tsx'
import { LoginPage } from './login/login-page.tsx'
import { MarketDataPage } from './market-data/market-data-page.tsx'
import type { Place } from './places.ts'
import { here } from './router.ts'
import { SystemPage } from './system/system-page.tsx'
import { DialogHost } from './ui/dialog.tsx'
import { EmptyState } from './ui/empty-state.tsx'
import { Toasts } from './ui/toast.tsx'

export function App() {
  const place = here.value
  return (
    <>
      {place.page === 'login' ? (
        <LoginPage />
      ) : (
        <>
          <button type="button" class="skip" onClick={skipToContent}>
            Skip to content
          </button>
          <Header place={place} />
          <main id="content" class="content" tabIndex={-1}>
            <Page place={place} />
          </main>
        </>
      )}
      <Toasts />
      <DialogHost />
    </>
  )
}

function Page({ place }: { readonly place: Place }) {
  switch (place.page) {
    case 'gateway':
      return <GatewayPage key={place.followerId} followerId={place.followerId} />
    case 'alerts':
      return <AlertsPage />
    case 'market-data':
      return <MarketDataPage />
    case 'system':
      return <SystemPage />
    case 'unknown':
      return (
        <EmptyState title="There is no such page">
          <a href="#/">To the fleet</a>
        </EmptyState>
      )
    default:
      return <FleetPage />
  }
}

/** No link: the hash is the router's. */
function skipToContent(): void {
  document.getElementById('content')?.focus()
}
