// The frame: header with the fleet's state and the connection's, navigation, and the page that the address names.
import { AlertsPage } from './alerts/alerts-page.tsx'
import { FleetPage } from './fleet/fleet-page.tsx'
import { GatewayPage } from './gateway/gateway-page.tsx'
import { Header } from './header.tsx'
import { stopLive } from './live.ts'
import { LoginPage } from './login/login-page.tsx'
import { MarketDataPage } from './market-data/market-data-page.tsx'
import type { Place } from './places.ts'
import { goToLogin, here } from './router.ts'
import { connection } from './store.ts'
import { SystemPage } from './system/system-page.tsx'
import { forgetToken, token } from './token.ts'
import { DialogHost } from './ui/dialog.tsx'
import { Zone } from './ui/time.tsx'
import { Toasts } from './ui/toast.tsx'

export function App() {
  const place = here.value
  // What is old loses its colours.
  const old = connection.value.state === 'stale' ? 'content content-old' : 'content'
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
          <main id="content" class={old} tabIndex={-1}>
            <Page place={place} />
          </main>
          <Footer place={place} />
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
        <section class="page">
          <h1 class="page-title">There is no such page</h1>
          <p>
            <a href="#/">To the fleet</a>
          </p>
        </section>
      )
    default:
      return <FleetPage />
  }
}

function Footer({ place }: { readonly place: Place }) {
  return (
    <footer class="footer">
      <a href="/docs">API</a>
      <a href="/runbook">Runbook</a>
      <Zone />
      {place.page === 'fleet' && (
        <span class="footer-keys">
          <kbd>/</kbd> search <kbd>↑</kbd> <kbd>↓</kbd> from row to row
        </span>
      )}
      {token() !== undefined && (
        <button type="button" class="button button-quiet" onClick={logOut}>
          Log out
        </button>
      )}
    </footer>
  )
}

function logOut(): void {
  stopLive()
  forgetToken()
  goToLogin()
}

/** No link: the hash is the router's. */
function skipToContent(): void {
  document.getElementById('content')?.focus()
}
