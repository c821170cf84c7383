// Follows one topic across lost connections: every durable event is applied exactly once, in order.
//
//   load()                  resolves to the topic's state, read over HTTP: at first, and when the server cannot replay
//   reset(state)            replaces what is shown
//   apply(event, payload)   adds one event to it. The state may hold the newest already: apply by id
export function follow(socket, topic, { load, reset, apply }) {
  let since // the number of the last event applied; undefined: there is no state yet
  let early = [] // what came while the state was on its way; null: it is there
  let joins = 0

  const channel = socket.channel(topic, () => (since === undefined ? {} : { since }))

  function take(event, payload) {
    if (early) return early.push([event, payload])
    if (Number.isInteger(payload.seq)) {
      if (payload.seq <= since) return
      since = payload.seq
    }
    apply(event, payload)
  }

  function caughtUp(seq, events) {
    early = null
    for (const { event, payload } of events) take(event, payload)
    since = seq
  }

  async function reload(seq, join) {
    early = []
    const state = await retry(load)
    if (join !== joins) return // the connection was lost meanwhile; a later join begins anew
    reset(state)
    since = seq
    const waiting = early
    early = null
    for (const [event, payload] of waiting) take(event, payload)
  }

  channel.onMessage = (event, payload) => {
    if (!/^(phx|chan)_/.test(event)) take(event, payload)
    return payload
  }
  // Called after every rejoin, too.
  channel.join().receive("ok", (answer) => {
    joins += 1
    if (answer.resumed) caughtUp(answer.seq, answer.events)
    else reload(answer.seq, joins)
  })
  return channel
}

async function retry(load) {
  for (;;) {
    try {
      return await load()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}
