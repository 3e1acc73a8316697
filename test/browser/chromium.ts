// Chromium for tests, benchmarks and screenshots: one browser, and pages that remember what they complained of.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { chromiumPath } from '../integration-gate.ts'

/** The browser; the caller closes it. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath() ?? 'chromium',
    // Not of the figures' making: a container's /dev/shm is small, and no test draws in three dimensions.
    args: ['--disable-dev-shm-usage', '--disable-gpu'],
  })
}

export interface WatchedPage {
  readonly page: Page
  /** What a console shows as errors and warnings, what no handler caught, and what the page's own policy refused. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** A page in a context of its own: nothing is shared with another, as between two visitors. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (event) =>
      console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))`,
  )
  return { page, complaints, close: () => context.close() }
}

/** What a page complained of since the last look, but for what the test provoked. */
export function takeComplaints({ complaints }: WatchedPage, expected?: RegExp): string[] {
  return complaints.splice(0).filter((complaint) => !expected?.test(complaint))
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds on the page as it is shown, serious and critical only: rule, place, and what is wrong. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // By the debugger's door, which the page's policy does not guard.
  if (await page.evaluate(`typeof axe === 'undefined'`)) await page.evaluate(`${axeSource};0`)
  const { violations } = await page.evaluate<{ violations: AxeViolation[] }>(
    `axe.run(document, { resultTypes: ['violations'] })`,
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`),
    )
}

interface AxeViolation {
  readonly id: string
  readonly impact: string
  readonly nodes: ReadonlyArray<{ readonly target: string[]; readonly failureSummary: string }>
}
