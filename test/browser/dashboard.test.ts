// The dashboard as a person meets it: the whole product in this process, and Chromium.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { until } from '../fleet/world.ts'
import { gate } from '../integration-gate.ts'
import { openPage, seriousViolations, startChromium, type WatchedPage } from './chromium.ts'
import { dashboardIsBuilt, logIn, rowOf, startProduct, tokenFor } from './dashboard-world.ts'

const patience = { timeout: 20_000 }

const addresses = ['', 'gateways/alpha', 'alerts', 'market-data', 'system']

/** The browser itself writes down each answer that is no success; that of an unhealthy gateway's health is 503. */
const unhealthy = /status of 503/

t.test('the dashboard in Chromium', async (t) => {
  if (!(await gate(t, 'chromium'))) return
  if (!dashboardIsBuilt()) return t.fail('the dashboard is not built: npm run build makes it')
  const browser = await startChromium()
  t.teardown(() => browser.close())
  await t.test('with tokens', (t) => withTokens(t, browser))
  await t.test('without tokens', (t) => withoutTokens(t, browser))
})

/** One product, one page that stays open, as on a wall; the subtests are its day. */
async function withTokens(t: Test, browser: Browser): Promise<void> {
  const admin = tokenFor('admin')
  const viewer = tokenFor('viewer')
  const folder = t.testdir()
  const tokensFile = join(folder, 'tokens')
  writeFileSync(tokensFile, `${admin.line}\n${viewer.line}\n`)
  const product = await startProduct(t, {
    env: { DATA_DIR: join(folder, 'data'), API_TOKENS_FILE: tokensFile, DATA_FOLLOWER: 'alpha' },
    token: admin.token,
  })
  const visitor = await openPage(browser)
  t.teardown(() => visitor.close())
  const { page } = visitor

  await t.test('a wrong token is told so, a right one opens the door', async (t) => {
    await page.goto(product.url)
    await logIn(page, 'ibgm_not-a-token')
    await page.getByRole('alert').filter({ hasText: 'not known here' }).waitFor(patience)
    await logIn(page, admin.token)
    await page.getByText('No gateways yet').waitFor(patience)
    t.notMatch(page.url(), admin.token, 'no token in an address')
    t.strictSame(takeComplaints(visitor, /status of 401/), [])
  })

  await t.test(
    'three gateways come; one counts down to its second factor, and runs once it is approved',
    async (t) => {
      await page.evaluate('window.neverReloaded = true')
      await product.add('alpha')
      await product.add('bravo')
      await product.add('charlie', 'carol-2fa', { tradingMode: 'live' })
      for (const id of ['alpha', 'bravo'])
        await rowOf(page, id).getByText('Running', { exact: true }).waitFor(patience)
      const waiting = rowOf(page, 'charlie')
      await waiting.getByText('Awaiting 2FA').waitFor(patience)
      const clock = waiting.locator('time.countdown')
      const first = secondsOf((await clock.textContent()) ?? '')
      await until(
        async () => secondsOf((await clock.textContent()) ?? ''),
        (left) => left < first,
        'it counts down',
        5_000,
        50,
      )
      await product.fault('charlie', 'approve-2fa')
      await waiting.getByText('Running', { exact: true }).waitFor(patience)
      t.equal(await page.evaluate('window.neverReloaded'), true, 'all on one page')
      t.strictSame(takeComplaints(visitor), [])
    },
  )

  await t.test('another dies; the page sees it go and come back', async (t) => {
    // It stays away until it is approved: nobody can miss that.
    await product.call('PUT', '/followers/bravo/credentials', { username: 'bravo-2fa', password: 'sim' })
    await product.fault('bravo', 'exit')
    await rowOf(page, 'bravo').getByText('Awaiting 2FA').waitFor(patience)
    await product.fault('bravo', 'approve-2fa')
    await rowOf(page, 'bravo').getByText('Running', { exact: true }).waitFor(patience)
    t.match(await product.reach('bravo', 'ready'), { restarts: 1 })
    t.strictSame(takeComplaints(visitor), [])
  })

  await t.test('a live account is stopped only after a question', async (t) => {
    await rowOf(page, 'charlie').getByRole('link', { name: 'charlie' }).click()
    const stop = page.getByRole('button', { name: 'Stop', exact: true })
    await stop.click()
    const question = page.getByRole('dialog')
    t.match(await question.textContent(), /charlie[\s\S]*real money/)
    await question.getByRole('button', { name: 'Cancel' }).click()
    t.match((await product.reach('charlie', 'ready')).desired, 'running', 'a no changes nothing')
    await stop.click()
    await question.getByRole('button', { name: /^Stop\b.*charlie/ }).click()
    await product.reach('charlie', 'stopped')
    await page.getByText('Stopped', { exact: true }).first().waitFor(patience)
    t.strictSame(takeComplaints(visitor, unhealthy), [])
  })

  await t.test('all of it goes without a pointer', async (t) => {
    await product.call('POST', '/gateways/charlie/launch')
    await product.reach('charlie', 'awaiting-2fa')
    await page.goto(`${product.url}/#/`)
    await rowOf(page, 'charlie').getByRole('link', { name: 'charlie' }).focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    const stop = page.getByRole('button', { name: 'Stop', exact: true })
    await stop.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor(patience)
    t.equal(await focused(page), 'Cancel', 'the answer that changes nothing comes first')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ ...patience, state: 'detached' })
    t.equal(await focused(page), 'Stop', 'the focus is back where it was')
    t.strictSame(takeComplaints(visitor, unhealthy), [])
  })

  await t.test('a follower named like a script is shown as text', async (t) => {
    const name = '<img src=x onerror=alert(1)>🐉\u202eabc'
    await product.add('delta', 'sim-delta', { name })
    await page.goto(`${product.url}/#/`)
    await rowOf(page, 'delta').getByText(name).waitFor(patience)
    await page.goto(`${product.url}/#/gateways/delta`)
    await page.getByRole('heading', { name }).waitFor(patience)
    t.equal(await page.locator('img').count(), 0)
    t.strictSame(takeComplaints(visitor, unhealthy), [])
  })

  await t.test('escape codes and a line of 1 MB do not break the log', async (t) => {
    const lines = [
      'before',
      '\u001b[31mred\u001b[0m \u001b]0;title\u0007<b>bold</b>',
      'x'.repeat(1_000_000),
      'after',
    ]
    await page.route('**/gateways/alpha/logs*', (route) =>
      route.fulfill({
        contentType: 'text/event-stream',
        body: lines.map((line) => `data: ${line}\n\n`).join(''),
      }),
    )
    await page.goto(`${product.url}/#/gateways/alpha`)
    const log = page.getByRole('log')
    await log.getByText('after').waitFor(patience)
    const shown = (await log.textContent()) ?? ''
    t.match(shown, 'red <b>bold</b>')
    t.notMatch(shown, '\u001b')
    t.ok(shown.length < 10_000, `${shown.length} characters are drawn of a line that nobody reads`)
    await page.unroute('**/gateways/alpha/logs*')
    t.strictSame(takeComplaints(visitor), [])
  })

  await t.test('an alert says what to do, and who has seen to it', async (t) => {
    await product.add('echo', 'erin-badpass')
    await page.goto(`${product.url}/#/alerts`)
    const alert = page.getByRole('article').filter({ hasText: 'CREDENTIALS_REJECTED' })
    await alert.getByText('What to do:').waitFor(patience)
    await alert.getByRole('button', { name: /^Acknowledge/ }).click()
    await alert.getByText('acknowledged by admin-test').waitFor(patience)
    t.strictSame(takeComplaints(visitor, unhealthy), [])
  })

  await t.test('a series that is tracked has its row among the gaps and the series', async (t) => {
    await page.goto(`${product.url}/#/market-data`)
    await page.getByText('No series is kept').waitFor(patience)
    await product.call('POST', '/series', { symbol: 'SPY', timeframe: '1d' })
    await until(
      () => page.getByRole('rowheader', { name: 'SPY 1d' }).count(),
      (count) => count >= 2,
      'rows',
      20_000,
    )
    t.equal(
      await page.getByRole('columnheader', { name: /^\d+ ?\d{4}-\d\d-\d\d|^\d{4}-\d\d-\d\d$/ }).count(),
      30,
      'days',
    )
    t.strictSame(takeComplaints(visitor), [])
  })

  await t.test('axe finds nothing serious, light or dark', async (t) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const address of addresses) {
        await page.goto(`${product.url}/#/${address}`)
        await settled(page)
        t.strictSame(await seriousViolations(page), [], `${address || 'fleet'} ${colorScheme}`)
      }
    }
    t.strictSame(takeComplaints(visitor), [])
  })

  await t.test('on a phone no page is wider than the screen', async (t) => {
    await page.setViewportSize({ width: 360, height: 740 })
    for (const address of addresses) {
      await page.goto(`${product.url}/#/${address}`)
      await settled(page)
      const [wide, screen] = await page.evaluate<number[]>(
        '[document.documentElement.scrollWidth, innerWidth]',
      )
      t.ok(Number(wide) <= Number(screen), `${address || 'fleet'}: ${wide} of ${screen} px`)
    }
    t.strictSame(takeComplaints(visitor), [])
  })

  await t.test('a viewer who presses is told why nothing happens', async (t) => {
    const guest = await openPage(browser)
    t.teardown(() => guest.close())
    await guest.page.goto(product.url)
    await logIn(guest.page, viewer.token)
    await rowOf(guest.page, 'alpha').getByRole('link', { name: 'alpha' }).click()
    await guest.page.getByRole('button', { name: 'Stop', exact: true }).click()
    await guest.page
      .getByText(/not allowed with this token/)
      .first()
      .waitFor(patience)
    t.match((await product.reach('alpha', 'ready')).desired, 'running')
    t.strictSame(takeComplaints(guest, /status of 40[13]/), [])
  })

  await t.test('a token that is revoked leads back to the door, with words', async (t) => {
    writeFileSync(tokensFile, `${viewer.line}\n`)
    await page.goto(`${product.url}/#/system`)
    await page.getByText('The token is not accepted any more').waitFor(patience)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      t.strictSame(await seriousViolations(page), [], `the login ${colorScheme}`)
    }
    t.strictSame(takeComplaints(visitor, /status of 401/), [])
  })
}

async function withoutTokens(t: Test, browser: Browser): Promise<void> {
  const product = await startProduct(t)
  const visitor = await openPage(browser)
  t.teardown(() => visitor.close())
  const { page } = visitor
  const ids = ['alpha', 'bravo', 'charlie']
  for (const id of ids) await product.add(id)

  await t.test(
    'the manager restarts under an open page: it says so, comes back, and no row is lost or doubled',
    async (t) => {
      await page.goto(product.url)
      for (const id of ids) await rowOf(page, id).getByText('Running', { exact: true }).waitFor(patience)
      await page.evaluate('window.neverReloaded = true')
      await product.restart(async () => {
        await page.getByText('what you see is that old').waitFor(patience)
        t.strictSame(await rowIds(page), ids, 'what was known is still to be seen')
      })
      await page.getByText('Live', { exact: true }).waitFor(patience)
      for (const id of ids) await rowOf(page, id).getByText('Running', { exact: true }).waitFor(patience)
      t.strictSame(await rowIds(page), ids)
      t.equal(await page.evaluate('window.neverReloaded'), true)
      t.strictSame(takeComplaints(visitor, /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|status of 503/), [])
    },
  )
}

/** What the page complained of since the last look, but for what the test provoked. */
function takeComplaints({ complaints }: WatchedPage, expected?: RegExp): string[] {
  return complaints.splice(0).filter((complaint) => !expected?.test(complaint))
}

/** `0:59` as seconds. */
const secondsOf = (clock: string) =>
  clock.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0)

const focused = (page: Page) => page.evaluate<string>('document.activeElement.textContent')

/** All ids in sight, in alphabetical order. */
async function rowIds(page: Page): Promise<string[]> {
  return (await page.locator('main li a').allTextContents()).sort()
}

/** The page shows what it was asked for, not that it loads. */
async function settled(page: Page): Promise<void> {
  await page.getByRole('heading').first().waitFor(patience)
  const loading = page.getByText(/^Loading /)
  await until(
    () => loading.count(),
    (count) => count === 0,
    'everything is loaded',
  )
}
