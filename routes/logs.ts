// A gateway's container log: as text, or as a stream of events that goes on.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FollowerParams } from '../schemas/common.ts'
import { LogsQuery } from '../schemas/gateway.ts'
import type { LogLine } from '../src/ports/runtime.ts'
import { problems, text } from './answers.ts'
import { eventText, sendEvents } from './event-stream.ts'
import { clientGone, isOn } from './requests.ts'

export const logs: FastifyPluginAsyncTypebox<{ heartbeatMs: number }> = async (app, { heartbeatMs }) => {
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())

  app.get(
    '/gateways/:id/logs',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getGatewayLogs',
        summary: 'The container log, scrubbed; with `follow`, line by line as it grows',
        tags: ['gateways'],
        params: FollowerParams,
        querystring: LogsQuery,
        response: {
          200: text(
            'Lines of the log. With `follow`, server-sent events: one `data:` per line, comments while it is quiet, and an `error` event if it breaks.',
            'text/plain',
            'text/event-stream',
          ),
          ...problems(404),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { tail = 200, follow } = request.query
      // An unknown follower must be a 404, which a stream that has begun cannot say any more.
      app.fleet.gatewayStatus(id)
      if (isOn(follow))
        return sendEvents(request, reply, { heartbeatMs, closing: closing.signal }, (signal) =>
          asEvents(app.fleet.gatewayLogs(id, { tail, follow: true }, signal)),
        )
      const signal = AbortSignal.any([clientGone(reply), closing.signal])
      const lines = app.fleet.gatewayLogs(id, { tail, follow: false }, signal)
      return reply.type('text/plain; charset=utf-8').send(await joined(lines))
    },
  )
}

async function* asEvents(lines: AsyncIterable<LogLine>): AsyncIterable<string> {
  for await (const { text } of lines) yield eventText(text)
}

async function joined(lines: AsyncIterable<LogLine>): Promise<string> {
  let all = ''
  for await (const { text } of lines) all += `${text}\n`
  return all
}
