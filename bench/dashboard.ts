// The dashboard in Chromium: how soon it is there with 1,000 gateways, what it costs to keep, and how soon a change is on screen.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { chromiumPath } from '../test/integration-gate.ts'
import { type Bench, NotHere } from './bench.ts'
import type { DashboardTask } from './dashboard-process.ts'
import { followerIds, ManagedManager } from './managed.ts'
import { atMost, type BenchRow, median } from './row.ts'

const webDir = fileURLToPath(new URL('../dashboard', import.meta.url))
const patience = { timeout: 30_000 }
const firstPort = 21_500

export async function run(bench: Bench): Promise<BenchRow[]> {
  const missing =
    chromiumPath() === undefined
      ? 'there is no Chromium: apt-get install chromium, or set CHROMIUM_PATH'
      : existsSync(join(webDir, 'index.html'))
        ? undefined
        : 'the dashboard is not built: npm run build'
  if (missing !== undefined) throw new NotHere(missing)
  const { startChromium } = await import('../test/browser/chromium.ts')
  const browser = await startChromium()
  bench.defer(() => browser.close())
  return [...(await largeFleet(bench, browser)), ...(await changes(bench, browser))]
}

/** A made-up fleet, 33 heartbeats a second: 1,000 gateways at an interval of 30 s. */
async function largeFleet(bench: Bench, browser: Browser): Promise<BenchRow[]> {
  const [gateways, rounds, watchedMs] = bench.short ? [50, 1, 500] : [1_000, 7, 10_000]
  const port = await serve(bench, { webDir, gateways, heartbeatsPerSecond: 33 })
  const url = `http://127.0.0.1:${port}/`
  const openings: Opening[] = []
  // The first start of a browser reads its own files, too.
  for (let round = bench.short ? 1 : 0; round <= rounds; round++) {
    const page = await freshPage(browser)
    const opening = await openFleet(page, url)
    if (round > 0) openings.push(opening)
    await page.context().close()
  }
  const painted = openings.map((opening) => opening.painted)
  const ready = openings.map((opening) => opening.ready)
  const page = await freshPage(browser)
  await openFleet(page, url)
  const { scripting, all } = await costOf(page, watchedMs)
  await page.context().close()
  bench.say(
    `first paint ${shown(painted)}; interactive ${shown(ready)}; 33 heartbeats/s: scripts ${scripting.toFixed(1)} %, all tasks of the page ${all.toFixed(1)} % of a core`,
  )
  return [
    atMost(`first paint with ${gateways} gateways, median of ${rounds}`, median(painted), 'ms', 1_000),
    atMost(`rows drawn and the page idle, median of ${rounds}`, median(ready), 'ms', 1_000),
    atMost(`scripts at 33 heartbeats/s, ${gateways} gateways, of one core`, scripting, '%', 10),
  ]
}

/** The whole product: from the fault in the engine to the changed word on screen. */
async function changes(bench: Bench, browser: Browser): Promise<BenchRow[]> {
  const ids = followerIds(bench.short ? 2 : 20)
  const manager = new ManagedManager(bench)
  const dataDir = mkdtempSync(join(tmpdir(), 'ibgm-bench-'))
  bench.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  await manager.call('start', {
    RUNTIME: 'simulated',
    PORT: '0',
    LOG_LEVEL: 'error',
    DATA_DIR: dataDir,
    SIM_LOGIN_SECONDS: '0.5',
    PORT_RANGE_START: String(firstPort),
    PORT_RANGE_END: String(firstPort + ids.length - 1),
  })
  await manager.call('prepare', ids)
  await manager.call('launch', ids)
  // High enough for every row: what is out of sight is not drawn.
  const page = await freshPage(browser, 2_400)
  await page.goto(await manager.call('url'))
  for (const id of ids) await page.locator(`[data-key="${id}"]`).waitFor(patience)
  const took: number[] = []
  for (const id of ids) {
    const drawn = page.evaluate<number>(untilNotRunning(id))
    // Both ask the browser in order: the watch is set before the fault.
    await page.evaluate('0')
    const faultAt = await manager.call('faultAt', id, 'exit')
    took.push((await drawn) - faultAt)
  }
  await page.context().close()
  await manager.call('close')
  await manager.kill()
  bench.say(`from the end of a container to the screen: ${shown(took)}`)
  return [
    atMost(`a container's end is on screen, median of ${ids.length}`, median(took), 'ms', 300),
    atMost(`a container's end is on screen, slowest of ${ids.length}`, Math.max(...took), 'ms', 300),
  ]
}

async function freshPage(browser: Browser, height = 900): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height } })
  return context.newPage()
}

/** Milliseconds since the navigation began. */
interface Opening {
  /** Something was painted. */
  readonly painted: number
  /** The rows were drawn, and nothing was left to do. */
  readonly ready: number
}

async function openFleet(page: Page, url: string): Promise<Opening> {
  await page.goto(url)
  return page.evaluate<Opening>(untilReady)
}

const untilReady = `new Promise((resolve) => {
  const look = () => {
    if (!document.querySelector('[data-key] a')) return requestAnimationFrame(look)
    requestAnimationFrame(() => requestIdleCallback(() => resolve({
      painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      ready: performance.now(),
    })))
  }
  look()
})`

/** The moment, by the machine's clock, at which a frame was drawn in which the gateway does not run. */
const untilNotRunning = (id: string) => `new Promise((resolve) => {
  const row = () => document.querySelector('[data-key="${id}"] .status')?.textContent
  const watch = new MutationObserver(() => {
    if (row() === undefined || row() === 'Running') return
    watch.disconnect()
    requestAnimationFrame(() => setTimeout(() => resolve(performance.timeOrigin + performance.now())))
  })
  watch.observe(document.body, { subtree: true, childList: true, characterData: true })
})`

/** Processor time of the page's main thread, in percent of one core; what others do on the machine does not count. */
async function costOf(page: Page, ms: number): Promise<{ scripting: number; all: number }> {
  const debug = await page.context().newCDPSession(page)
  await debug.send('Performance.enable', { timeDomain: 'threadTicks' })
  const look = async () => {
    const { metrics } = await debug.send('Performance.getMetrics')
    return (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0
  }
  const before = await look()
  const beganAt = performance.now()
  await page.waitForTimeout(ms)
  const after = await look()
  const seconds = (performance.now() - beganAt) / 1000
  const share = (name: string) => (100 * (after(name) - before(name))) / seconds
  return { scripting: share('ScriptDuration'), all: share('TaskDuration') }
}

const shown = (times: readonly number[]) =>
  `${median(times).toFixed(0)} ms, at most ${Math.max(...times).toFixed(0)} ms`

async function serve(bench: Bench, task: DashboardTask): Promise<number> {
  const child: ChildProcess = fork(fileURLToPath(new URL('dashboard-process.js', import.meta.url)))
  bench.defer(() => void child.kill('SIGKILL'))
  child.send(task)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the server has ended')))
  ended.catch(() => {})
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }]
  return port
}
