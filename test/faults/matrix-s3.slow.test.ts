// A file of its own, so that it runs beside the tables of Genesys Cloud.
import { s3 } from './expected.js'
import { describeMatrix } from './matrix.js'
import { s3World } from './matrix-world.js'

describeMatrix('S3', 's3', s3World, s3)
