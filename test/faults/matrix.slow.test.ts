import { bulkExports, recordingJobs } from './expected.js'
import { describeMatrix } from './matrix.js'
import { genesysWorld } from './matrix-world.js'

describeMatrix(
  'recording jobs',
  'genesys',
  (...options) => genesysWorld({ surface: 'recording-jobs' }, ...options),
  recordingJobs,
)
describeMatrix(
  'bulk exports',
  'genesys',
  (...options) => genesysWorld({ surface: 'bulk-exports' }, ...options),
  bulkExports,
)
