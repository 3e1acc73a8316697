// A manager behind TLS that cannot be spoken to: what is wrong, and not that it should be started.
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { plainHint, tlsTrouble } from '../../src/cli/tls-trouble.ts'
import { makeCertificate } from '../certificate.ts'
import { ibgm } from './harness.ts'

async function listening(t: Test, server: ReturnType<typeof createServer | typeof createHttpServer>) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function tlsPort(t: Test) {
  const { certFile, keyFile } = await makeCertificate(t)
  return listening(t, createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }))
}

t.test('a certificate that is not trusted is named, with the way to trust it', async (t) => {
  const port = await tlsPort(t)
  const { code, stderr } = await ibgm(['status', '--url', `https://127.0.0.1:${port}`])
  t.equal(code, 3)
  t.match(
    stderr,
    /the certificate of https:\/\/127\.0\.0\.1:\d+ is not trusted here \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
  )
  t.match(stderr, /what to do: NODE_EXTRA_CA_CERTS=FILE/)
  t.notMatch(stderr, 'npm start')
})

t.test('http:// at a port with TLS: try https://', async (t) => {
  const { code, stderr } = await ibgm(['status', '--url', `http://127.0.0.1:${await tlsPort(t)}`])
  t.equal(code, 3)
  t.match(stderr, /what to do: .*write https:\/\/ in --url/)
})

t.test('https:// at a port without TLS: try http://', async (t) => {
  const port = await listening(t, createHttpServer())
  const { code, stderr } = await ibgm(['status', '--url', `https://127.0.0.1:${port}`])
  t.equal(code, 3)
  t.match(stderr, /does not speak TLS/)
  t.match(stderr, /what to do: try http:\/\//)
})

t.test('an old certificate, and one for another name, are mended where they are', async (t) => {
  for (const [code, words] of [
    ['CERT_HAS_EXPIRED', 'https://m has expired'],
    ['CERT_NOT_YET_VALID', 'https://m is not valid yet'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'https://m is for another name'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'https://m is not trusted here'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'https://m is not trusted here'],
  ] as const) {
    t.equal(tlsTrouble(code)?.what('https://m'), `the certificate of ${words}`)
    t.match(tlsTrouble(code)?.hint, /NODE_EXTRA_CA_CERTS/)
  }
  t.equal(tlsTrouble('ECONNREFUSED'), undefined)
  t.match(plainHint('http://m', 'ECONNREFUSED'), /npm start/)
  t.match(plainHint('https://m', 'ECONNRESET'), /npm start/)
})
