// Renders the API reference. Nothing is fetched but our own document: no fonts, telemetry, proxy or agent of others.
Scalar.createApiReference("#reference", {
  url: document.getElementById("reference").dataset.document,
  agent: { disabled: true },
  hideClientButton: true,
  mcp: { disabled: true },
  showDeveloperTools: "never",
  telemetry: false,
  withDefaultFonts: false,
});
