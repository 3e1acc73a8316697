// GET /metrics: its text, who may read it, and that no caller can make series of requests.
import t from 'tap'
import { createMetrics } from '../../src/adapters/prometheus/metrics.ts'
import { levels } from '../adapters/prometheus/levels.ts'
import { testApp } from './app.ts'

const own = () => createMetrics({ version: '1.2.3', runtime: 'simulated', levels: () => levels() })

t.test('figures of the product and of its process, as text that Prometheus takes', async (t) => {
  const { call } = await testApp(t, { metrics: own() })
  const { status, headers, text } = await call('GET', '//metrics')
  t.equal(status, 200)
  t.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  t.match(text, /^ibgm_build_info\{version="1\.2\.3",node="v[\d.]+",runtime="simulated"\} 1$/m)
  t.match(text, /^ibgm_gateways\{status="RUNNING"\} 0$/m)
  t.match(text, /^process_resident_memory_bytes \d+$/m)
  t.match(text, /^nodejs_eventloop_lag_p99_seconds /m)
})

t.test('requests count by the pattern of their route and the class of their status', async (t) => {
  const { call } = await testApp(t, { metrics: own() })
  for (const id of ['a', 'b', 'c']) await call('GET', `/followers/${id}`)
  for (const path of ['//admin.php', '//wp-login', '/nowhere']) await call('GET', path)
  await call('PROPFIND', '/followers')
  await call('GET', '//livez')
  const { text } = await call('GET', '//metrics')
  const counts = [...text.matchAll(/^ibgm_http_request_duration_seconds_count(.*)$/gm)].map(([, of]) => of)
  t.strictSame(
    counts.filter((count) => !count?.includes('"other"')).sort(),
    [
      '{route="/api/v1/followers/:id",method="GET",status="4xx"} 3',
      '{route="/livez",method="GET",status="2xx"} 1',
      '{route="unknown",method="GET",status="4xx"} 3',
    ].sort(),
  )
  t.notMatch(text, /PROPFIND|wp-login/)
})

t.test('without figures the answer is empty', async (t) => {
  const { call } = await testApp(t)
  t.match(await call('GET', '//metrics'), { status: 200, text: '' })
})
