// The runbook over HTTP: a section for each code, under the address that alerts carry; nothing in it becomes markup of its own.
import { join } from 'node:path'
import t from 'tap'
import { runbookPage } from '../../routes/runbook-page.ts'
import { alertCodes } from '../../src/ports/alert-codes.ts'
import { runbookLink } from '../../src/server/addresses.ts'
import { testApp } from './app.ts'

t.test(
  'each code of an alert has its anchor, once, and each link within the page leads somewhere',
  async (t) => {
    const { app } = await testApp(t, { docsDir: join(import.meta.dirname, '../../../docs') })
    const { statusCode, headers, body } = await app.inject('/runbook')
    t.equal(statusCode, 200)
    t.match(headers, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': /frame-ancestors 'none'.*default-src 'self'/,
    })
    for (const code of alertCodes) t.equal(body.split(` id="${code}"`).length, 2, code)
    for (const [, target = ''] of body.matchAll(/href="#([^"]+)"/g)) t.match(body, ` id="${target}"`, target)
    t.notMatch(body, /<script|style=/)
    t.match(body, '<link rel="stylesheet" href="runbook.css">')
    t.match(body, 'href="icon.svg"', 'which the dashboard serves')
    const css = await app.inject('/runbook.css')
    t.match(css, { statusCode: 200, headers: { 'content-type': 'text/css; charset=utf-8' } })
  },
)

t.test('without its file it says so', async (t) => {
  const { app } = await testApp(t)
  t.match((await app.inject('/runbook')).json(), {
    status: 404,
    code: 'NOT_FOUND',
    detail: /docs\/runbook\.md/,
  })
})

t.test('what the text holds is shown, not obeyed', async (t) => {
  const page = runbookPage(
    '### A_CODE\nwords <script>x()</script> [a](javascript:x()) [b](other.md) [c](#a_code) [d](https://e.example/?a="b) ![e](x.png) `<b>`\n\n<img src=x>\n',
  )
  t.notMatch(page, /<script|<img|href="javascript|<b>/)
  t.match(page, '<h3 id="A_CODE">A_CODE</h3>')
  t.match(page, '<a href="#A_CODE">c</a>')
  t.match(page, /<a href="https:\/\/e\.example\/[^"<>]*" rel="noreferrer">d<\/a>/)
  t.match(page, ' a b ', 'words without a link')
})

t.test('the address that alerts carry', async (t) => {
  const link = (host: string, publicUrl?: string, port = 8080) =>
    runbookLink('CRASH_LOOP', { host, port, isTls: false }, publicUrl)
  t.equal(link('127.0.0.1'), 'http://127.0.0.1:8080/runbook#CRASH_LOOP')
  t.equal(link('0.0.0.0'), 'http://127.0.0.1:8080/runbook#CRASH_LOOP')
  t.equal(link('::'), 'http://[::1]:8080/runbook#CRASH_LOOP')
  t.equal(link('0.0.0.0', 'https://ops.example/ibgm'), 'https://ops.example/ibgm/runbook#CRASH_LOOP')
  t.equal(link('127.0.0.1', undefined, 0), undefined, 'not known yet')
})
