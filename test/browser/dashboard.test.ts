// The dashboard as a person meets it, from the login to a token that is revoked.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import type { Alert } from '../../schemas/alert.ts'
import { until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'
import { openPage, seriousViolations, takeComplaints } from './chromium.ts'
import { chromiumFor, logIn, patience, rowOf, startProduct, tokenFor, unhealthy } from './dashboard-world.ts'

// One product, one page that stays open, as on a wall; the subtests are its day.
t.test('the dashboard through a day', async (t) => {
  const browser = await chromiumFor(t)
  if (!browser) return
  const admin = tokenFor('admin')
  const viewer = tokenFor('viewer')
  const folder = testFolder(t)
  const tokensFile = join(folder, 'tokens')
  writeFileSync(tokensFile, `${admin.line}\n${viewer.line}\n`)
  const product = await startProduct(t, {
    env: { DATA_DIR: join(folder, 'data'), API_TOKENS_FILE: tokensFile },
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
    // With these words it goes to the top.
    await rowOf(page, 'charlie').getByText('Awaiting 2FA').waitFor(patience)
    await page.keyboard.press('ArrowDown')
    t.equal(await focused(page), 'charlie', 'from a page without a focus to its first row')
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
    await page.waitForFunction("document.activeElement.textContent === 'Stop'", null, patience)
    t.strictSame(takeComplaints(visitor, unhealthy), [])
  })

  await t.test('an alert says what to do, and who has seen to it', async (t) => {
    await product.add('echo', 'erin-badpass')
    await page.goto(`${product.url}/#/alerts`)
    const alert = page.getByRole('article').filter({ hasText: 'CREDENTIALS_REJECTED' })
    await alert.getByText('What to do:').waitFor(patience)
    await page.getByRole('article').filter({ hasText: 'AWAITING_2FA' }).first().waitFor(patience)
    await alert.getByRole('button', { name: /^Acknowledge/ }).dblclick()
    await alert.getByText('acknowledged by admin-test').waitFor(patience)
    await alert.getByRole('button').waitFor({ ...patience, state: 'detached' })
    const { items } = (await product.call<{ items: Alert[] }>('GET', '/alerts')).body
    t.strictSame(
      items.filter(({ acknowledgedAt }) => acknowledgedAt).map(({ code }) => code),
      ['CREDENTIALS_REJECTED'],
      'a double click silences no other',
    )
    await page.goto(`${product.url}/#/gateways/echo`)
    const launch = page.getByRole('button', { name: 'Launch', exact: true })
    await launch.waitFor(patience)
    t.ok(await launch.isDisabled(), 'what would be refused cannot be pressed')
    await page.getByRole('button', { name: 'Copy command for echo' }).waitFor(patience)
    t.strictSame(takeComplaints(visitor, unhealthy), [])
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
    t.strictSame(takeComplaints(guest, /status of (40[13]|503)/), [])
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
})

/** `0:59` as seconds. */
const secondsOf = (clock: string) =>
  clock.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0)

const focused = (page: Page) => page.evaluate<string>('document.activeElement.textContent')
