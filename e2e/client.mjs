// The official Phoenix client on strings: commands come in as lines of JSON, what happens goes out as lines of JSON.
//
//   node client.mjs phoenix      the current release
//   node client.mjs phoenix16    the oldest one that is still around
//
// It ends when its input does.
import { createInterface } from "node:readline"
import WebSocket from "ws"
import { withXMLHttpRequest } from "./browser.mjs"
import { follow } from "./follow.mjs"

const release = process.argv[2]
if (release === "phoenix16") withXMLHttpRequest()
const { LongPoll, Presence, Socket } = await import(release)

let offline = false
class Line extends WebSocket {
  constructor(url, protocols) {
    super(offline ? "ws://127.0.0.1:9" : url, protocols)
  }
}
const TRANSPORTS = { websocket: Line, longpoll: LongPoll }
const sockets = new Map()
const channels = new Map()

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n")
const key = ({ on, topic }) => `${on} ${topic}`

const commands = {
  open({ on, url, params, authToken, transport = "websocket", timeout, retry = 50 }) {
    const socket = new Socket(url, {
      transport: TRANSPORTS[transport],
      params,
      authToken,
      timeout,
      reconnectAfterMs: () => retry,
      rejoinAfterMs: () => retry,
    })
    socket.onOpen(() => say({ on, is: "open", extensions: socket.conn.extensions }))
    socket.onClose((close) => say({ on, is: "closed", code: close?.code }))
    socket.onError(() => say({ on, is: "error" }))
    sockets.set(on, socket)
    socket.connect()
  },

  // What the server says to the join, and then every message, as it comes.
  join({ on, topic, params }) {
    const channel = sockets.get(on).channel(topic, params)
    channel.onMessage = (event, payload) => {
      if (!/^(phx|chan)_/.test(event)) say({ on, topic, is: "event", event, payload: plain(payload) })
      return payload
    }
    watch(on, topic, channel)
    channel
      .join()
      .receive("ok", (response) => say({ on, topic, is: "joined", response }))
      .receive("error", (response) => say({ on, topic, is: "refused", response }))
      .receive("timeout", () => say({ on, topic, is: "timeout" }))
  },

  // The same through follow.mjs: durable events exactly once, in order, whatever happens to the connection.
  follow({ on, topic, state, token }) {
    const load = () => fetch(state, { headers: { authorization: `Bearer ${token}` } }).then(checked)
    const reset = (loaded) => say({ on, topic, is: "loaded", state: loaded })
    const apply = (event, payload) => say({ on, topic, is: "event", event, payload })
    watch(on, topic, follow(sockets.get(on), topic, { load, reset, apply }))
  },

  push({ on, topic, event, payload, bytes, id }) {
    const answered = (status) => (response) => say({ on, topic, is: "reply", id, status, response: plain(response) })
    const push = channels.get(key({ on, topic })).push(event, bytes ? Uint8Array.from(bytes).buffer : payload)
    for (const status of ["ok", "error", "odd", "timeout"]) push.receive(status, answered(status))
  },

  leave({ on, topic }) {
    channels.get(key({ on, topic })).leave()
  },

  close({ on }) {
    sockets.get(on).disconnect()
  },

  // The line is cut without a word.
  drop({ on }) {
    sockets.get(on).conn.terminate()
  },

  // From now on nothing can connect, or everything can again: a train in a tunnel.
  tunnel({ inside }) {
    offline = inside
  },
}

function watch(on, topic, channel) {
  const presence = new Presence(channel)
  presence.onSync(() => say({ on, topic, is: "present", people: people(presence) }))
  channel.onClose(() => say({ on, topic, is: "left" }))
  channel.onError((reason) => say({ on, topic, is: "failed", reason }))
  channels.set(key({ on, topic }), channel)
}

const people = (presence) => Object.fromEntries(presence.list((id, { metas }) => [id, metas]))

function plain(payload) {
  return payload instanceof ArrayBuffer ? { bytes: [...new Uint8Array(payload)] } : payload
}

function checked(response) {
  if (!response.ok) throw new Error(`${response.status}`)
  return response.json()
}

const input = createInterface({ input: process.stdin })
input.on("line", (line) => {
  const command = JSON.parse(line)
  commands[command.do](command)
})
input.on("close", () => process.exit())
say({ is: "ready" })
