// The whole product in this process, over simulated gateways, with its built dashboard: what browser tests look at.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Browser, Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import { hashToken, makeToken, type Role, tokenLine } from '../../src/doors/tokens.ts'
import { type RunningServer, startServer } from '../../src/server/server.ts'
import { type ApiCall, apiCalls } from '../api-calls.ts'
import { portRange, until } from '../fleet/world.ts'
import { gate } from '../integration-gate.ts'
import { startChromium } from './chromium.ts'

export interface Product {
  readonly url: string
  /** Asks the API below /api/v1. */
  readonly call: ApiCall
  /** A follower with credentials whose gateway is wanted; the end of the user name decides its login. */
  add(id: string, username?: string, more?: object): Promise<void>
  fault(id: string, fault: string, value?: string): Promise<void>
  reach(id: string, phase: string): Promise<Gateway>
  /** Down and up again on the same port, with all records; `whileDown` sees it away. */
  restart(whileDown?: () => Promise<void>): Promise<void>
}

export interface ProductOptions {
  readonly env: Readonly<Record<string, string>> & { readonly DATA_DIR: string }
  /** Asks with this token; absent: the server knows none. */
  readonly token?: string
}

/** A test, or whoever else ends what it began. */
export interface ProductOwner {
  teardown(end: () => unknown): void
}

export async function startProduct(owner: ProductOwner, { env, token }: ProductOptions): Promise<Product> {
  const { from, to } = portRange(20)
  const common = {
    RUNTIME: 'simulated',
    SIM_LOGIN_SECONDS: '0.05',
    SIM_TWOFA_SECONDS: '60',
    SIM_RESTART_SECONDS: '0.2',
    HEALTHCHECK_INTERVAL: '500ms',
    PORT_RANGE_START: String(from),
    PORT_RANGE_END: String(to),
    ...env,
  }
  const start = (port: string) =>
    startServer({
      log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
      env: { ...common, PORT: port },
    })
  let server: RunningServer = await start('0')
  owner.teardown(() => server.close())
  const { url } = server

  const call = apiCalls(`${url}/api/v1`, token)
  const must = async (method: string, path: string, body?: object) => {
    const { status, body: said } = await call(method, path, body)
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(said)}`)
  }
  return {
    url,
    call,
    async add(id, username = `sim-${id}`, more = {}) {
      await must('POST', '/followers', { id, enabled: false, ...more })
      await must('PUT', `/followers/${id}/credentials`, { username, password: 'sim' })
      await must('PATCH', `/followers/${id}`, { enabled: true })
    },
    fault: (id, fault, value) =>
      must('POST', `/simulator/${id}/faults`, { fault, ...(value !== undefined && { value }) }),
    reach: (id, phase) =>
      until(
        async () => (await call<Gateway>('GET', `/gateways/${id}`)).body,
        (gateway) => gateway.phase === phase,
        `${id} ${phase}`,
      ),
    async restart(whileDown = async () => {}) {
      await server.close()
      await whileDown()
      server = await start(new URL(url).port)
    },
  }
}

/** A token of this role, and its line for API_TOKENS. */
export function tokenFor(role: Role): { token: string; line: string } {
  const token = makeToken()
  return { token, line: tokenLine({ name: `${role}-test`, role, hash: hashToken(token) }) }
}

/** For whatever must come, on a machine that is busy. */
export const patience = { timeout: 20_000 }

/** The browser itself writes down each answer that is no success; that of an unhealthy gateway's health is 503. */
export const unhealthy = /status of 503/

/** A browser for one test, which ends with it. Undefined where there is none to be had: the test is skipped then, or has failed. */
export async function chromiumFor(t: Test): Promise<Browser | undefined> {
  if (!(await gate(t, 'chromium'))) return undefined
  if (!dashboardIsBuilt()) {
    t.fail('the dashboard is not built: npm run build makes it')
    return undefined
  }
  const browser = await startChromium()
  t.teardown(() => browser.close())
  return browser
}

/** The dashboard is built apart from the tests: `npm run build` makes both. */
export const dashboardIsBuilt = () =>
  existsSync(join(import.meta.dirname, '..', '..', 'dashboard', 'index.html'))

/** Types the token where the page asks for it. */
export async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel(/token/i).fill(token)
  await page.getByRole('button', { name: /log in|sign in/i }).click()
}

/** The row of a gateway in the fleet, by its link. */
export function rowOf(page: Page, id: string): Locator {
  return page.getByRole('listitem').filter({ has: page.getByRole('link', { name: id, exact: true }) })
}
