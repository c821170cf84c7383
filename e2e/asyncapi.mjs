// Reads an AsyncAPI document from standard input and writes what the official parser has to say of it, as JSON.
import { text } from "node:stream/consumers"
import { Parser } from "@asyncapi/parser"

const { document, diagnostics } = await new Parser().parse(await text(process.stdin))
const found = diagnostics.map(({ code, message, path, severity }) => ({ code, message, path: path.join("."), severity }))
console.log(JSON.stringify({ parsed: document !== undefined, diagnostics: found }))
