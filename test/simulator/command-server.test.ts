// IBC's command server on TCP, and settings as IBC reads them.
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { startCommandServer } from '../../src/simulator/command-server.ts'
import {
  configTemplate,
  parseConfig,
  renderConfig,
  unescapeProperty,
} from '../../src/simulator/ibc-settings.ts'

t.test('one command a line, EXIT closes', async (t) => {
  const asked: string[] = []
  const server = await startCommandServer('127.0.0.1', 0, async (command) => {
    asked.push(command)
    if (command === 'FAIL') throw new Error('no')
    return `OK ${command}`
  })
  t.teardown(() => server.close())
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('ONE\r\n\nTWO\nFA')
  socket.write('IL\nEXIT\n')
  t.equal(await text(socket), 'OK ONE\nOK TWO\nERROR no\nOK EXIT\n')
  t.strictSame(asked, ['ONE', 'TWO', 'FAIL', 'EXIT'])
})

t.test('config.ini is a Java properties file', async (t) => {
  const read = (password: string) =>
    parseConfig(Buffer.from(renderConfig(configTemplate, { TWS_PASSWORD: password }))).get('IbPassword')
  t.equal(read('a\\b'), 'ab')
  t.equal(read('a\\\\b'), 'a\\b')
  t.equal(read('a\\u0041b'), 'aAb')
  t.equal(read('passw\\u00f6rd\\u20ac'), 'passwörd€')
  t.not(read('passwörd'), 'passwörd', 'raw UTF-8 is garbled')
  t.equal(read('  x  '), 'x')
  t.equal(read('#!=:$HOME'), '#!=:$HOME')
  t.equal(unescapeProperty('a\\tb\\'), 'a\tb')
})
