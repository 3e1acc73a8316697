// The dashboard's pages and their addresses.

export type Place =
  | { readonly page: 'fleet' | 'alerts' | 'market-data' | 'system' | 'login' }
  | { readonly page: 'gateway'; readonly followerId: string }
  | { readonly page: 'unknown'; readonly address: string }

const plainPages = ['alerts', 'market-data', 'system', 'login'] as const

/** The place that a hash such as `#/gateways/alpha` names. */
export function readAddress(hash: string): Place {
  const path = hash.replace(/^#/, '').replace(/\/+$/, '')
  if (path === '') return { page: 'fleet' }
  const gateway = /^\/gateways\/([^/]+)$/.exec(path)?.[1]
  if (gateway !== undefined) return { page: 'gateway', followerId: decoded(gateway) }
  const page = plainPages.find((name) => path === `/${name}`)
  return page ? { page } : { page: 'unknown', address: hash }
}

/** The hash of a place, for links. */
export function addressOf(place: Place): string {
  if (place.page === 'fleet') return '#/'
  if (place.page === 'gateway') return `#/gateways/${encodeURIComponent(place.followerId)}`
  return place.page === 'unknown' ? place.address : `#/${place.page}`
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
