// The client ids of the data connection: 1 to 50, one after the other, without those that somebody else has. Pure.

export const lastClientId = 50

/** `clientId` if it is free, else the next that is, from 50 on to 1; undefined when none is left. */
export function freeClientId(clientId: number, taken: ReadonlySet<number>): number | undefined {
  for (let steps = 0; steps < lastClientId; steps++) {
    const candidate = ((clientId - 1 + steps) % lastClientId) + 1
    if (!taken.has(candidate)) return candidate
  }
  return undefined
}
