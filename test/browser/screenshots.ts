// `npm run screenshots`: drives Chromium over a fleet of simulated gateways and writes the pictures in docs/images.
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { chromiumPath } from '../integration-gate.ts'
import { openPage, startChromium } from './chromium.ts'
import { dashboardIsBuilt } from './dashboard-world.ts'
import { breakBars, startScreenshotFleet } from './screenshot-fleet.ts'

const folder = join(import.meta.dirname, '..', '..', '..', 'docs', 'images')
const mostBytes = 250_000
const desk = { width: 1280, height: 860 }
const phone = { width: 390, height: 844 }
const patience = { timeout: 30_000 }

interface Picture {
  readonly name: string
  readonly address: string
  readonly size: { readonly width: number; readonly height: number }
  /** The one that a document shows. */
  readonly scheme: 'light' | 'dark'
  /** Resolves when there is to be seen what is to be seen. */
  readonly ready: (page: Page) => Promise<unknown>
}

const heading = (text: string) => (page: Page) =>
  page.getByRole('heading', { name: text }).first().waitFor(patience)

const pictures: readonly Picture[] = [
  { name: 'fleet', address: '', size: desk, scheme: 'light', ready: heading('Needs a person') },
  { name: 'phone', address: '', size: phone, scheme: 'dark', ready: heading('Needs a person') },
  {
    name: 'gateway',
    address: 'gateways/atlas',
    size: { ...desk, height: 1200 },
    scheme: 'dark',
    ready: (page) => page.getByText('Configuration tasks completed').waitFor(patience),
  },
  {
    name: 'gateway-2fa',
    address: 'gateways/borealis',
    size: desk,
    scheme: 'light',
    ready: (page) => page.getByText('left to approve').waitFor(patience),
  },
  {
    name: 'alerts',
    address: 'alerts',
    size: desk,
    scheme: 'light',
    ready: (page) => page.getByRole('article').first().waitFor(patience),
  },
  {
    name: 'system',
    address: 'system',
    size: { ...desk, height: 1040 },
    scheme: 'light',
    ready: heading('Bots'),
  },
]

const marketData: Picture = {
  name: 'market-data',
  address: 'market-data',
  size: { ...desk, height: 1040 },
  scheme: 'light',
  ready: (page) => page.getByText(/^[1-9]\d* of \d+ gaps/).waitFor(patience),
}

async function take(
  browser: Browser,
  url: string,
  { name, address, size, scheme, ready }: Picture,
): Promise<void> {
  const { page, complaints, close } = await openPage(browser, {
    viewport: size,
    reducedMotion: 'reduce',
    colorScheme: scheme,
  })
  await page.goto(`${url}/#/${address}`)
  await ready(page)
  const path = join(folder, `${name}-${scheme}.png`)
  await page.screenshot({ path })
  const { size: bytes } = statSync(path)
  console.log(`${path}  ${Math.round(bytes / 1000)} KB`)
  if (bytes > mostBytes) throw new Error(`${path} has ${bytes} bytes; a picture may have ${mostBytes}`)
  // The health of a gateway that is down is a 503, which the browser writes down.
  const odd = complaints.filter((complaint) => !complaint.includes('status of 503'))
  if (odd.length > 0) throw new Error(`${name}: ${odd.join('; ')}`)
  await close()
}

if (chromiumPath() === undefined)
  throw new Error('There is no Chromium: apt-get install chromium, or set CHROMIUM_PATH.')
if (!dashboardIsBuilt()) throw new Error('The dashboard is not built: npm run build.')
mkdirSync(folder, { recursive: true })
const teardowns: Array<() => unknown> = []
const dataDir = mkdtempSync(join(tmpdir(), 'ibgm-screenshots-'))
teardowns.push(() => rmSync(dataDir, { recursive: true, force: true }))
try {
  const product = await startScreenshotFleet({ teardown: (end) => void teardowns.push(end) }, dataDir)
  const browser = await startChromium()
  teardowns.push(() => browser.close())
  await breakBars(product, dataDir)
  await take(browser, product.url, marketData)
  // By now hearts have beaten for a while.
  for (const picture of pictures) await take(browser, product.url, picture)
} finally {
  for (const end of teardowns.reverse()) await end()
}
