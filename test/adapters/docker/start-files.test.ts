// What is put into a container before its start: escaped, owned and readable as the image needs it.
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { extract, type Header } from 'tar-stream'
import { checkCredentials, escapeForIbc, startFiles } from '../../../src/adapters/docker/start-files.ts'

async function entries(tar: Buffer): Promise<Map<string, { header: Header; content: string }>> {
  const found = new Map<string, { header: Header; content: string }>()
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    found.set(entry.header.name, { header: entry.header, content: await text(entry) })
  }
  return found
}

t.test('escaping (Java properties in ISO 8859-1, facts of the image 1.4)', async (t) => {
  const expected: Record<string, string> = {
    'plain #!=:$HOME': 'plain #!=:$HOME',
    'a\\b': 'a\\\\b',
    'passwörd€': 'passw\\u00f6rd\\u20ac',
    '\u007f~': '\\u007f~',
    '🔑': '\\ud83d\\udd11',
    'a\tb': 'a\tb',
  }
  for (const [plain, escaped] of Object.entries(expected)) t.equal(escapeForIbc(plain), escaped)
})

t.test('credentials that no gateway could be given', async (t) => {
  const check = (username: string, password: string) => () =>
    checkCredentials('alice', { username, password })
  t.doesNotThrow(check('bob', 'in ner'))
  t.throws(check('', 'x'), { code: 'CREDENTIALS_INCOMPLETE', message: /username of follower alice/ })
  t.throws(check('bob', ''), { code: 'CREDENTIALS_INCOMPLETE', message: /password/ })
  for (const bad of [' secret', 'secret\t', 'sec\nret', 'sec\rret', 'sec\0ret']) {
    const failure = { code: 'CREDENTIALS_INVALID', message: /^(?![\s\S]*sec)[\s\S]*$/ }
    t.throws(check('bob', bad), failure, 'and the message does not quote it')
  }
})

t.test('the tar', async (t) => {
  const found = await entries(await startFiles({ username: 'bob', password: 'p\\w' }, 'vncvncvn'))
  for (const { header } of found.values()) t.match(header, { uid: 1000, gid: 1000 })
  t.match(found.get('home/ibgateway/ibgm/password'), { content: 'p\\\\w', header: { mode: 0o400 } })
  t.match(found.get('home/ibgateway/ibgm/vnc-password'), { content: 'vncvncvn', header: { mode: 0o400 } })
  const settings = [...found.entries()].find(([name]) => name.startsWith('home/ibgateway/tws_settings'))
  t.match(settings?.[1].header, { type: 'directory', mode: 0o700 })
  const script = found.get('home/ibgateway/ibgm/start/command-server.sh')
  t.match(script?.content, /^#!\/bin\/bash\n[\s\S]*CommandServerPort=7462[\s\S]*BindAddress=127\.0\.0\.1/)
  const without = await entries(await startFiles({ username: 'bob', password: 'x' }, undefined))
  t.notOk(without.has('home/ibgateway/ibgm/vnc-password'))
})
