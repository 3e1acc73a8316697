// What happens to a login depends on the user name alone, so that no test needs a side door.

export type Scenario = '2fa' | 'badpass' | 'taken' | 'slow' | 'oddpass' | 'plain'

/** A password that survives only careful escaping. */
const oddPassword = 's\\i"m\'#=é€'

export function scenarioOf(username: string): Scenario {
  const suffix = /-(2fa|badpass|taken|slow|oddpass)$/.exec(username)?.[1]
  return (suffix as Scenario | undefined) ?? 'plain'
}

/** Whether the broker takes this password. `sim` and `sim-…` pass for plain users, anything for `-2fa`, `-taken`, `-slow`. */
export function acceptsLogin(username: string, password: string): boolean {
  const scenario = scenarioOf(username)
  if (scenario === 'badpass') return false
  if (scenario === 'oddpass') return password === oddPassword
  if (scenario === 'plain') return password === 'sim' || password.startsWith('sim-')
  return true
}
