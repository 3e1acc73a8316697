// What engines 20.10 and 28 say, in our words; and the addresses of engines.
import t from 'tap'
import { engineAddress } from '../../../src/adapters/docker/engine.ts'
import { engineError, isNameTaken, isPortTaken } from '../../../src/adapters/docker/errors.ts'

/** As dockerode makes them. */
const answer = (statusCode: number, message: string) =>
  Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${message} `), {
    statusCode,
    json: { message },
  })

t.test('a taken port', async (t) => {
  for (const text of [
    'driver failed programming external connectivity on endpoint gw (c0ffee): Bind for 127.0.0.1:4100 failed: port is already allocated',
    'driver failed programming external connectivity on endpoint gw (c0ffee): Error starting userland proxy: listen tcp4 127.0.0.1:4100: bind: address already in use',
    'failed to set up container networking: driver failed programming external connectivity on endpoint gw: failed to bind host port for 127.0.0.1:4100:172.18.0.2:4003/tcp: address already in use',
    'Ports are not available: exposing port TCP 127.0.0.1:4100 -> 0.0.0.0:0: listen tcp 127.0.0.1:4100: bind: address already in use',
  ]) {
    t.ok(isPortTaken(answer(500, text)), text)
  }
  t.notOk(isPortTaken(answer(500, 'no space left on device')))
})

t.test('a taken name is told from other conflicts', async (t) => {
  const text =
    'Conflict. The container name "/gw" is already in use by container "c0ffee". You have to remove it.'
  t.ok(isNameTaken(answer(409, text)))
  t.notOk(isNameTaken(answer(409, 'removal of container gw is already in progress')))
})

t.test('a missing image is told from other things not found', async (t) => {
  for (const text of [
    'No such image: ghcr.io/gnzsnz/ib-gateway:10.45.1j',
    'manifest for gnzsnz/ib-gateway:0 not found: manifest unknown: manifest unknown',
    "pull access denied for nobody/nothing, repository does not exist or may require 'docker login'",
    'manifest unknown',
  ]) {
    t.match(engineError('create gw', answer(404, text)), { code: 'IMAGE_MISSING' }, text)
  }
  const gone = engineError('start gw', answer(404, 'network ibgm-gateways not found'))
  t.match(gone, {
    code: 'ENGINE_REFUSED',
    message: 'The container engine would not start gw: network ibgm-gateways not found',
  })
})

t.test('an engine that is not there', async (t) => {
  for (const code of ['ECONNREFUSED', 'ENOENT', 'EPIPE', 'ECONNRESET', 'ETIMEDOUT']) {
    const error = Object.assign(new Error(`connect ${code} /var/run/docker.sock`), { code })
    t.match(engineError('list', error), { code: 'ENGINE_UNAVAILABLE', cause: error })
  }
  t.match(engineError('list', answer(503, 'no server is available')), { code: 'ENGINE_UNAVAILABLE' })
  const denied = Object.assign(new Error('connect EACCES'), { code: 'EACCES' })
  t.match(engineError('list', denied), { message: /may this user open its socket/ })
})

t.test('addresses', async (t) => {
  t.strictSame(engineAddress(undefined), { socketPath: '/var/run/docker.sock' })
  t.strictSame(engineAddress('unix:///run/user/1000/docker.sock'), {
    socketPath: '/run/user/1000/docker.sock',
  })
  t.strictSame(engineAddress('tcp://10.0.0.1:2375'), { host: '10.0.0.1', port: 2375 })
  t.strictSame(engineAddress('tcp://engine'), { host: 'engine', port: 2375 })
  t.strictSame(engineAddress('http://localhost'), { host: 'localhost', port: 80 })
  for (const bad of ['ssh://host', 'engine:2375', 'nonsense']) {
    t.throws(() => engineAddress(bad), { code: 'INVALID_REQUEST', message: /DOCKER_HOST must be/ }, bad)
  }
})
