// What phoenix.js expects of a browser and Node lacks. Import it before phoenix: it looks once, while it loads.
// Release 1.6 finds the global object as `self` only, and polls by XMLHttpRequest only (1.8 uses fetch where that is missing).

globalThis.self ??= globalThis

class XMLHttpRequest {
  #aborter = new AbortController()
  #headers = {}
  readyState = 0
  responseText = ""
  timeout = 0

  open(method, url) {
    this.method = method
    this.url = url
  }

  setRequestHeader(name, value) {
    this.#headers[name] = value
  }

  async send(body) {
    const timer = this.timeout && setTimeout(() => this.#aborter.abort("timeout"), this.timeout)
    try {
      const response = await fetch(this.url, {
        method: this.method,
        headers: this.#headers,
        body: body ?? undefined,
        signal: this.#aborter.signal,
      })
      this.responseText = await response.text()
    } catch {
      return this.#failed()
    } finally {
      clearTimeout(timer)
    }
    this.readyState = 4
    this.onreadystatechange?.()
  }

  abort() {
    this.#aborter.abort("abort")
  }

  #failed() {
    const { aborted, reason } = this.#aborter.signal
    if (!aborted) this.onerror?.()
    else if (reason === "timeout") this.ontimeout?.()
  }
}

// Release 1.8 has a path of its own through fetch, and takes it where there is no XMLHttpRequest.
export function withXMLHttpRequest() {
  globalThis.XMLHttpRequest = XMLHttpRequest
}
