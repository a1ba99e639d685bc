/** Name of this package, as evidence names the tool that made it. */
export const toolName = 'genesys-legal-hold-exporter'

/** Version of this package; a test compares it with package.json. */
export const toolVersion = '0.1.0'
