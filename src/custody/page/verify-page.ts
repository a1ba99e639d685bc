import { toolName, toolVersion } from '../../internal/package/version.js'
import { bundleFiles } from '../bundle/contents.js'
import { contentPolicy } from './content-policy.js'
import { html, Html as SafeHtml } from './html.js'
import { reportStyle } from './style.js'
import { verifierScript } from './verifier-script.js'

const style = `${reportStyle}
.first{margin:1.5rem 0;padding:1rem 1.25rem;background:var(--tint);border-left:.3rem solid var(--exception)}
.first p:first-child{margin-top:0}
label,legend{display:block;margin:1rem 0 .3rem;font-weight:600}
textarea,input[type=file],input[type=text]{width:100%;max-width:42rem;padding:.45rem .6rem;border:1px solid var(--neutral);border-radius:.4rem;background:var(--paper);color:inherit;font:inherit}
textarea{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.84em}
.go{margin:1.5rem 0;padding:.55rem 1.4rem;border:1px solid currentColor;border-radius:.4rem;background:var(--tint);color:inherit;font:inherit;font-weight:600;cursor:pointer}
.go:focus-visible,textarea:focus-visible,#result:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
#result{margin:1.5rem 0;padding:.25rem 1.25rem 1rem;border:1px solid var(--line);border-left:.5rem solid var(--neutral);overflow-wrap:anywhere}
#result h2{margin:1rem 0 .5rem;border:0}
#result.verifies{border-color:var(--held)}#result.does-not-verify{border-color:var(--missing);color:var(--missing)}
.badge.verifies{color:var(--held)}.badge.does-not-verify{color:var(--missing)}
@media print{.tools,form,.go{display:none}}`

/**
 * The page that checks a bundle in a browser. It is the same in every bundle that this version seals, and asks for nothing
 * from elsewhere.
 */
export function verifyPage(): string {
  const policy = `${contentPolicy({ style, script: verifierScript })}; require-trusted-types-for 'script'`
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new SafeHtml(policy)}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer"><title>Verification of evidence</title><style>${new SafeHtml(style)}</style></head>
<body><header><p class="kicker">Legal hold evidence</p><h1>Verify this evidence in the browser</h1></header>
<main><div class="first"><p><strong>The key must come from elsewhere.</strong> Whoever could change this folder could put another key into it, sign anew with that, and change this page. Get the public key, or its fingerprint, from the party that signed by another way than the one this folder came by: a call, a letter, a court filing, their web site.</p>
<p>This page is the same, byte for byte, in every folder that ${toolName} ${toolVersion} sealed. Where you do not trust the one in this folder, open one of another origin, or use the commands in ${bundleFiles.instructions}.</p></div>
<p>The files stay on this computer: the page is not allowed to send or load anything.</p>
<noscript><p><strong>The page needs JavaScript.</strong> Without it use the commands in ${bundleFiles.instructions}.</p></noscript>
<h2>1. The key that you were given</h2>
<label for="given">Public key in PEM, or its fingerprint</label><textarea id="given" rows="4" spellcheck="false" autocomplete="off"></textarea>
<label for="given-file">or the file of the key, not the one in this folder</label><input id="given-file" type="file">
<h2>2. The evidence</h2>
<label for="folder">The folder that holds ${bundleFiles.statement}</label><input id="folder" type="file" webkitdirectory>
<label for="files">or all of its files, where this browser chooses no folders</label><input id="files" type="file" multiple>
<label for="wanted">One recording whose proof is looked at (optional): its id, or its key in the bucket</label><input id="wanted" type="text" spellcheck="false" autocomplete="off">
<label for="proof">or, in place of a folder, the proof of one recording that you were given</label><input id="proof" type="file">
<p><button class="go" id="check" type="button">Check</button></p>
<section id="result" role="status" aria-label="Result" tabindex="-1" hidden></section></main>
<footer><p>Checked are the signature, the hash of every file, each record against the tree whose root was signed, the counts, and the proof of one recording.</p></footer>
<script>${new SafeHtml(verifierScript)}</script></body></html>`.text
  }\n`
}
