// What the dashboard withstands and how it is read: hostile names and logs, a manager that restarts, axe, a phone.
import type { Page } from 'playwright-core'
import t from 'tap'
import { until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'
import { openPage, seriousViolations, takeComplaints } from './chromium.ts'
import { chromiumFor, patience, rowOf, startProduct, unhealthy } from './dashboard-world.ts'

const addresses = ['', 'gateways/alpha', 'alerts', 'market-data', 'system']

t.test('the dashboard under trial', async (t) => {
  const browser = await chromiumFor(t)
  if (!browser) return
  const product = await startProduct(t, { env: { DATA_DIR: testFolder(t), DATA_FOLLOWER: 'alpha' } })
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
    await product.add('echo', 'erin-badpass')
    await product.add('foxtrot', 'fay-2fa', { tradingMode: 'live' })
    await product.reach('echo', 'locked')
    await product.reach('foxtrot', 'awaiting-2fa')
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const address of [...addresses, 'gateways/foxtrot']) {
        await page.goto(`${product.url}/#/${address}`)
        await settled(page)
        t.strictSame(await seriousViolations(page), [], `${address || 'fleet'} ${colorScheme}`)
      }
    }
    t.strictSame(takeComplaints(visitor, unhealthy), [])
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
    t.strictSame(takeComplaints(visitor, unhealthy), [])
  })
})

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
