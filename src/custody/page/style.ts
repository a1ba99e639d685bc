/** Style of the report: one column that prints on A4, reads on a phone, in light and in dark. */
export const reportStyle = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d5dae0;--tint:#f5f7f9;--accent:#0b5cad;
--held:#1a7f4b;--repaired:#2f6fc4;--exception:#b3470b;--missing:#b3261e;--neutral:#77818c}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e8eaed;--soft:#a6b0ba;--line:#363c43;--tint:#1d2125;--accent:#7db4f5;
--held:#4cc38a;--repaired:#6ea8f7;--exception:#f2a06a;--missing:#ff8f86;--neutral:#8b96a1}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main,header,footer{max-width:54rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem}
.kicker{margin:0 0 .75rem;color:var(--soft);font-size:.9rem}
.badge{display:inline-block;margin-right:.6rem;padding:.1rem .6rem;border:1px solid currentColor;border-radius:1rem;font-weight:600}
.badge.complete{color:var(--held)}.badge.incomplete{color:var(--missing)}.badge.nothing-expected{color:var(--soft)}
h1{margin:0 0 1.5rem;font-size:1.75rem;line-height:1.25;font-weight:650;letter-spacing:-.01em;text-wrap:balance;overflow-wrap:anywhere}
h2{margin:2.75rem 0 .9rem;padding-bottom:.35rem;border-bottom:1px solid var(--line);font-size:1.15rem;font-weight:650}
h3{margin:1.5rem 0 .4rem;font-size:1rem}
p{margin:.5rem 0;max-width:68ch}
a{color:var(--accent)}
dl{display:grid;grid-template-columns:minmax(9rem,13rem) 1fr;gap:.35rem 1.25rem;margin:0}
dt{color:var(--soft)}dd{margin:0;min-width:0;overflow-wrap:anywhere}
code,.hash{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.hash{font-size:.84em}
pre{margin:.75rem 0;padding:.9rem 1rem;background:var(--tint);border:1px solid var(--line);border-radius:.4rem;white-space:pre-wrap;overflow-wrap:anywhere}
figure{margin:1rem 0}
figcaption{color:var(--soft);font-size:.9rem}
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--soft)}
.chart text.figure{font-size:17px;font-weight:650;fill:var(--ink)}
.chart text.end{text-anchor:end}
.chart .axis{stroke:var(--line)}
.bar.neutral{fill:var(--neutral)}.bar.held{fill:var(--held)}.bar.repaired{fill:var(--repaired)}.bar.exception{fill:var(--exception)}.bar.missing{fill:var(--missing)}
.ribbon{fill:var(--neutral);opacity:.22}.ribbon.held{fill:var(--held)}.ribbon.repaired{fill:var(--repaired)}.ribbon.exception{fill:var(--exception)}.ribbon.missing{fill:var(--missing)}
.narrow{display:none}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:.925rem;font-variant-numeric:tabular-nums}
th,td{padding:.45rem .75rem .45rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600}
td.number,th.number{text-align:right;white-space:nowrap}
thead button{all:unset;cursor:pointer;font-weight:600;white-space:nowrap}
thead button:focus-visible,input:focus-visible,a:focus-visible,.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
th[aria-sort=ascending] button::after{content:" ↑"}th[aria-sort=descending] button::after{content:" ↓"}
.tools{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;margin:.75rem 0}
.tools label{display:block;color:var(--soft);font-size:.9rem}
input{min-width:16rem;padding:.45rem .6rem;border:1px solid var(--neutral);border-radius:.4rem;background:var(--paper);color:inherit;font:inherit}
.exceptions{table-layout:fixed;font-size:.85rem}.exceptions th.when{width:10.5em}.exceptions th.medium,.exceptions th.direction{width:6em}
.group>p{margin:0 0 .3rem}.reason{overflow-wrap:anywhere}.paper{display:none}
.glossary{font-size:.9rem}.lines dt{padding-top:1.6rem}.lines dd{border-bottom:1px solid var(--ink)}
.signers{display:grid;grid-template-columns:1fr 1fr;gap:0 2rem}.lines{grid-template-columns:7.5rem 1fr}dd>p{margin:0 0 .25rem}
.finding{margin:0 0 1rem;padding-left:1rem;border-left:3px solid var(--neutral)}
.finding.blocker{border-color:var(--missing)}.finding.warning{border-color:var(--exception)}.finding.accepted{border-color:var(--exception)}
.finding p{margin:.15rem 0}
.soft{color:var(--soft)}
footer{padding-top:2rem;padding-bottom:3rem;color:var(--soft);font-size:.9rem}
@media (max-width:40rem){header{padding-top:1.5rem}h1{font-size:1.4rem}dl{grid-template-columns:1fr;gap:0}dt{margin-top:.6rem}
.wide{display:none}.narrow{display:block}input{width:100%;min-width:0}.tools div{width:100%}.exceptions{min-width:60rem}.signers{grid-template-columns:1fr}}
@page{size:A4;margin:16mm 15mm;@bottom-right{content:"Page " counter(page) " of " counter(pages);font:8pt system-ui,sans-serif}}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--tint:#fff;--accent:#000;
--held:#1a7f4b;--repaired:#2f6fc4;--exception:#b3470b;--missing:#b3261e;--neutral:#77818c}
body{font-size:10pt}main,header,footer{max-width:none;padding:0}header{padding-top:0}.tools{display:none}
.wide{display:block}.narrow{display:none}tr[hidden]{display:table-row}.group[hidden]{display:block}.scroll{overflow:visible}
h1{font-size:15pt;margin-bottom:5mm}h2{margin:5mm 0 2mm;font-size:12pt}h3{margin:3mm 0 1mm}p{max-width:none}
.exceptions{min-width:0;font-size:7.5pt;line-height:1.25}.exceptions th,.exceptions td{padding:.7mm 2mm .7mm 0}.exceptions th.when{width:20mm}
.exceptions th.medium,.exceptions th.direction{width:14mm}.exceptions .key{display:none}.paper{display:block}
.wide .chart{max-width:130mm}.glossary{font-size:8.5pt;line-height:1.35;grid-template-columns:32mm 1fr;gap:1mm 5mm}
.signing{break-before:page;break-inside:avoid}.lines dt{padding-top:8mm}.signers{grid-template-columns:1fr 1fr}
h2,h3,.group>p{break-after:avoid}figure,.finding,tr,dl{break-inside:avoid}thead{display:table-header-group}
.bar,.ribbon{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`
