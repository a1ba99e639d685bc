import { type Html, html } from '../html.js'

/** Words of the report for a reader who never saw the program. */
const words: readonly (readonly [string, string])[] = [
  ['Legal hold', 'The duty to keep recordings for a matter, and the mark on each file that says so.'],
  ['Matter', 'The case or investigation for which the recordings are kept.'],
  ['Conversation', 'One call, chat, e-mail or message thread. It may have several recordings.'],
  ['Recording', 'One recorded piece of a conversation, with its companion files.'],
  ['Companion file', 'A sidecar (facts about the recording), a transcript or an attachment that belongs to it.'],
  ['Held', 'The recording and its companions carried the hold when they were first looked at.'],
  ['Repaired', 'They did not, and the mark was added afterwards. The content is as it was delivered.'],
  ['In conflict', 'Another matter’s mark is in the place of this one’s. It was not overwritten.'],
  ['Unreadable', 'It could not be determined what the file carries. That is never counted as held.'],
  ['Not repaired', 'The mark is missing, and could not be added.'],
  ['Missing', 'Genesys Cloud lists the recording, and it did not arrive in the bucket.'],
  ['Failed at source', 'Genesys Cloud says that it could not export the recording.'],
  ['Left out at source', 'Genesys Cloud left the recording out, for instance because it was deleted.'],
  [
    'Coverage',
    'Whether the list of Genesys Cloud reaches to the end of the interval. Without it, recordings may be missing unseen.',
  ],
  ['Object', 'A file in the bucket, by its name (key) and version.'],
  ['Object Lock', 'A function of S3 that keeps a version of a file from being deleted.'],
  ['Journal', 'The record of everything that the program saw and did, line by line.'],
  ['SHA-256', 'A number calculated from a file. If one byte of the file changes, so does the number.'],
  ['Signature', 'A number that only the holder of the signing key can make, and that anyone can check.'],
  ['Fingerprint', 'A short form of the public key, to compare by telephone or letter.'],
]

/** The glossary. */
export function glossarySection(): Html {
  return html`<section aria-labelledby="glossary" class="annex"><h2 id="glossary">Glossary</h2><dl class="glossary">${words.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`)}</dl></section>`
}
