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

window.addEventListener('hashchange', () => {
  place.value = readAddress(location.hash)
  window.scrollTo(0, 0)
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
