// The words for people: every code has them, and they read as sentences.
import t from 'tap'
import { reasonCodes } from '../../../schemas/reason.ts'
import { describeReason, reasonText } from '../../../src/fleet/lifecycle/reasons.ts'

t.test('every code says what happened, and a lock says what to do', async (t) => {
  for (const code of reasonCodes) {
    const { message, action, locks } = reasonText[code]
    t.match(message, /^[A-Z].*[^.]$/, `${code}: a clause, without a full stop`)
    if (locks) t.ok(action, `${code} locks, so somebody must be told what to do`)
    if (action !== undefined) t.match(action, /\.$/, `${code}: the action is a sentence`)
  }
})

t.test('a detail follows the message', async (t) => {
  t.same(describeReason({ code: 'PLANNED_RESTART' }), {
    code: 'PLANNED_RESTART',
    message: 'The gateway restarts as planned.',
  })
  t.match(describeReason({ code: 'CONTAINER_EXITED', detail: 'exit status 3.' }), {
    message: 'The container of the gateway ended: exit status 3.',
    action: /read its last log lines/,
  })
})
