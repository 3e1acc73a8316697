// Where in the dashboard the reader is, by the address's hash, so that the server needs to know one page only.
import { signal } from '@preact/signals'
import { addressOf, type Place, readAddress } from './places.ts'

const place = signal<Place>(readAddress(location.hash))

/** Where the reader is. */
export const here = {
  get value(): Place {
    return place.value
  },
}

/** The page to come back to after a login. */
let interrupted: string | undefined

/** Where the reader was on each page, to find it again after a look at another. */
const scrolled = new Map<string, number>()

history.scrollRestoration = 'manual'

window.addEventListener('hashchange', ({ oldURL }) => {
  scrolled.set(new URL(oldURL).hash, window.scrollY)
  place.value = readAddress(location.hash)
  const top = place.value.page === 'fleet' ? (scrolled.get(location.hash) ?? 0) : 0
  // After the new page is drawn: there the reading begins, also for a screen reader.
  requestAnimationFrame(() => {
    if (place.value.page !== 'login') document.getElementById('content')?.focus({ preventScroll: true })
    window.scrollTo(0, top)
  })
})

export function go(to: Place): void {
  location.hash = addressOf(to)
}

/** Shows the login, and remembers what it interrupts. */
export function goToLogin(): void {
  if (place.value.page === 'login') return
  interrupted = location.hash
  go({ page: 'login' })
}

/** Back to what the login interrupted. */
export function leaveLogin(): void {
  const back = interrupted ?? addressOf({ page: 'fleet' })
  interrupted = undefined
  location.hash = back
}
