// Failures of driver, network and server in our words, without a server.
import { MongoServerError, MongoWriteConcernError } from 'mongodb'
import t from 'tap'
import { confidential, isLastingRefusal, storeError } from '../../../src/adapters/mongo/errors.ts'

const where = { place: 'db:27017/ibgm', secrets: confidential('mongodb://ibgm:secret@db:27017') }

function refusal(code: number, codeName: string): MongoServerError {
  return new MongoServerError({ message: `${codeName} for ibgm:secret`, code, codeName })
}

t.test('each says what to do', async (t) => {
  const failures: Array<[Error, RegExp]> = [
    [refusal(18, 'AuthenticationFailed'), /refused the login .*Check user and password in MONGODB_URL/],
    [refusal(13, 'Unauthorized'), /may not do that .*role readWrite/],
    [refusal(10107, 'NotWritablePrimary'), /it refused \(NotWritablePrimary\)/],
    [new MongoWriteConcernError({ ok: 1, writeConcernError: { code: 64, errmsg: 'late' } }), /it refused/],
    [Object.assign(new Error('broken pipe'), { code: 'EPIPE' }), /broken pipe.*tried again by itself/],
    [Object.assign(new Error('gone'), { code: 'ERR_STREAM_DESTROYED' }), /gone/],
  ]
  for (const [failure, message] of failures) {
    const told = storeError('write events', failure, where)
    t.match(told, { code: 'STORE_UNAVAILABLE', retryAfterMs: 5_000, message })
    t.match(told, { message: /^MongoDB at db:27017\/ibgm could not write events: / })
    t.notMatch(`${told} ${(told as Error).cause}`, /secret/)
  }
})

t.test('a bug stays a bug', async (t) => {
  for (const bug of [
    new TypeError('x is undefined'),
    Object.assign(new Error('no'), { code: 'FOLLOWER_EXISTS' }),
  ])
    t.equal(storeError('write events', bug, where), bug)
})

t.test('an index is given up on only when asking again would be refused again', async (t) => {
  for (const code of [1, 13, 85, 86, 11000]) t.ok(isLastingRefusal(refusal(code, 'x')), String(code))
  for (const code of [18, 91, 189, 10107, 11600]) t.notOk(isLastingRefusal(refusal(code, 'x')), String(code))
  t.notOk(isLastingRefusal(new Error('connection closed')))
})
