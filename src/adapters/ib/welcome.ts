// What a gateway says of itself while we connect, checked: it is shown to people, and orders are numbered by it.

/** An adviser may have thousands. */
const maxAccounts = 10_000
/** `DU1234567`, `F1234567`, and models as `U1234567.X`; IB fills none with anything else. */
const account = /^[\w.-]{1,32}$/

/** The accounts of message 15, each once. Throws an Error that says what is wrong with them. */
export function accountsIn(csv: string): string[] {
  const accounts = [...new Set(csv.split(',').map((name) => name.trim()))].filter(Boolean)
  if (accounts.length > maxAccounts) throw new Error(`it named ${accounts.length} accounts`)
  for (const name of accounts)
    if (!account.test(name)) throw new Error(`it named an account ${JSON.stringify(name.slice(0, 40))}`)
  return accounts
}

/** The order id of message 9. Throws an Error when it is none that an order could have. */
export function orderIdIn(id: number): number {
  if (!Number.isInteger(id) || id < 0 || id > 2_147_483_647)
    throw new Error(`it gave ${id} as the next order id`)
  return id
}
