/* SPDX-License-Identifier: BSD-2-Clause */
/* Style and script of the HTML report. */
#include "html.h"

static void lines_write(FILE *file, const char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)fputs(lines[i], file);
        (void)fputc('\n', file);
    }
}

void rep_style_write(FILE *file)
{
    static const char *const lines[] = {
        ":root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--dim:#60666d;--box:#f4f5f7;--rim:#d5d9de;",
        "--link:#0b57b0;--good:#176b2c;--goodb:#dff3e3;--bad:#b3161b;--badb:#fde3e3;--odd:#8a5a00;",
        "--oddb:#fdf0d2;--off:#565c64;--offb:#e6e8eb;--g:#0b57b0;--w:#7a2fa0;--o:#00695c;--a:#b3161b}",
        "@media(prefers-color-scheme:dark){:root{--bg:#15181c;--fg:#e4e7ea;--dim:#9aa3ad;--box:#1e2329;",
        "--rim:#39414a;--link:#7db7ff;--good:#7fd894;--goodb:#163a20;--bad:#ff8e8a;--badb:#4a1719;",
        "--odd:#f2c261;--oddb:#40300b;--off:#aab2bb;--offb:#2b3138;--g:#7db7ff;--w:#d59cf5;--o:#67d3c2;",
        "--a:#ff8e8a}}",
        "*{box-sizing:border-box}",
        "html{scroll-padding-top:8px;-webkit-text-size-adjust:100%;text-size-adjust:100%}",
        "body{margin:0 auto;padding:0 16px 64px;max-width:1200px;background:var(--bg);color:var(--fg);",
        "font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}",
        "h1{font-size:22px;margin:20px 0 4px}h2{font-size:19px;margin:36px 0 8px;padding-bottom:4px;",
        "border-bottom:1px solid var(--rim)}h3{font-size:16px;margin:0}h4{font-size:14px;margin:14px 0 4px}",
        "h5{font-size:13px;margin:10px 0 2px;color:var(--dim)}p{margin:4px 0}ul{margin:4px "
        "0;padding-left:20px}",
        "a{color:var(--link)}code{font:13px/1.45 ui-monospace,Menlo,Consolas,monospace}i{color:var(--dim);",
        "font-style:normal}[hidden]{display:none!important}",
        "dl{display:grid;grid-template-columns:minmax(96px,max-content) 1fr;gap:1px 14px;margin:4px 0}",
        "dt{color:var(--dim)}dd{margin:0;min-width:0}",
        "nav a{display:inline-block;padding:6px 14px 6px 0;font-weight:600}",
        ".big{font-size:19px}b.pass,.pass>b{color:var(--good)}b.warn,b.inconclusive,.warn>b,.inconclusive>b{",
        "color:var(--odd)}b.fail,b.crash,b.hang,.fail>b,.crash>b,.hang>b{color:var(--bad)}",
        "b.unsupported,b.waived,b.none{color:var(--off)}",
        ".n{display:flex;flex-wrap:wrap;gap:8px;list-style:none;padding:0;margin:10px 0}",
        ".n li{padding:4px 12px;border:1px solid var(--rim);border-radius:6px;background:var(--box)}",
        ".n b{font-size:17px}",
        ".f{list-style:none;padding:0}.f li{padding:8px 12px;margin:6px 0;border-left:4px solid var(--bad);",
        "background:var(--box)}",
        ".w{overflow-x:auto;max-width:100%}table{border-collapse:collapse;text-align:left}",
        "th,td{padding:4px 10px 4px 0;vertical-align:top}.m{width:100%}",
        ".m th{font-weight:400}.m thead th,.q thead th,.sum thead th{font-weight:600;color:var(--dim);",
        "font-size:13px}.m tr.s{border-top:1px solid var(--rim)}.m .s th{min-width:210px}",
        ".m .s th a{font-weight:600}.m th "
        "span{color:var(--dim);display:block;font-size:13px;line-height:1.35}",
        ".m td{min-width:120px}.topic th{padding-top:16px;font-weight:700!important;font-size:16px}",
        ".k{display:inline-block;width:24px;height:24px;line-height:24px;margin:1px;text-align:center;",
        "border-radius:4px;text-decoration:none;font-weight:700;font-size:13px;color:var(--off);",
        "background:var(--offb)}.k.pass{color:var(--good);background:var(--goodb)}",
        ".k.fail,.k.crash,.k.hang{color:var(--bad);background:var(--badb)}",
        ".k.warn,.k.inconclusive{color:var(--odd);background:var(--oddb)}",
        "form{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;margin:8px 0;padding:8px 12px;",
        "background:var(--box);border-radius:6px}input,select{font:inherit;color:inherit;background:var(--bg)"
        ";",
        "border:1px solid var(--rim);border-radius:4px;padding:4px "
        "8px;max-width:100%}output{color:var(--dim)}",
        "section.s{padding:12px 0;border-top:1px solid var(--rim);content-visibility:auto;",
        "contain-intrinsic-size:auto 200px}",
        ".e{list-style:none;padding:0;font-size:14px}.e li{padding:2px 0}",
        "summary{cursor:pointer;padding:5px 4px;border-radius:4px}summary:hover{background:var(--box)}",
        ".c{margin:4px 0;border:1px solid var(--rim);border-radius:6px;padding:0 10px}",
        ".c[open]{padding-bottom:12px}.c>summary{margin:0 -6px}",
        ".why{padding:6px 10px;border-left:4px solid var(--off);background:var(--box)}",
        ".why.fail,.why.crash,.why.hang{border-color:var(--bad)}",
        ".why.warn,.why.inconclusive{border-color:var(--odd)}",
        ".p{margin:2px 0}.p[open]{padding:0 12px 8px;background:var(--box);border-radius:6px}",
        ".p>summary{font-size:14px}.p>summary.bad{box-shadow:inset 4px 0 var(--bad);padding-left:12px}",
        ".p dl{font-size:14px}.p code b{font-weight:400}.p .h{color:var(--g)}.p .t{color:var(--o)}",
        ".p .o{color:var(--w)}.p dd code b{font-weight:700}.p dd code .y,.p dd code .h,.p dd code .t,",
        ".p dd code .o{font-weight:400}",
        "svg{display:block;font:12px ui-monospace,Menlo,Consolas,monospace}svg text{fill:var(--fg);",
        "paint-order:stroke;stroke:var(--bg);stroke-width:3px}svg .b{font-weight:700}svg .m{fill:var(--dim)}",
        "svg .l{stroke:var(--rim);fill:none}svg path{stroke-width:1.6}svg .st{stroke:var(--rim);fill:none;",
        "stroke-dasharray:2 3}svg "
        "text.st{fill:var(--fg);stroke:var(--bg);stroke-dasharray:none;font-weight:700}",
        "svg circle{fill:var(--good)}svg circle.r{fill:var(--odd)}svg text.r{fill:var(--odd)}",
        "svg text.x{fill:var(--bad);font-weight:700}",
        "svg .g{stroke:var(--g);fill:var(--g)}svg .w{stroke:var(--w);fill:var(--w)}",
        "svg .s{stroke:var(--o);fill:var(--o)}svg .n{stroke:var(--dim);fill:var(--dim)}",
        "svg .a{stroke:var(--a);fill:var(--a)}svg path.a{stroke-dasharray:6 3}svg "
        "path.h{stroke-dasharray:none}",
        "svg text.g,svg text.w,svg text.s,svg text.n,svg text.a{stroke:var(--bg)}",
        "svg a:hover text{text-decoration:underline}",
        ".q{font-size:14px}.q tr{border-top:1px solid var(--rim)}.q th{white-space:nowrap}",
        ".q td:nth-child(2){min-width:260px}.q td:nth-child(4){min-width:200px}.q .evidence "
        "th{color:var(--good)}",
        ".q .nothing th{color:var(--bad)}.q .claim "
        "th{color:var(--odd)}:is(details,tr,section):target{outline:2px solid "
        "var(--link);",
        "outline-offset:2px}",
        ".q td:nth-child(5){white-space:nowrap}.sum td,.sum th{padding-right:18px;font-size:14px}",
        "@media(max-width:640px){body{padding:0 10px 48px}.m,.m tbody,.m tr,.m th,.m td{display:block}",
        ".m td[data-p]::before{content:attr(data-p);display:block;font-size:13px;color:var(--dim)}",
        ".m thead th{display:inline-block}.m .s th,.m "
        "td{min-width:0;padding-right:0}.k{width:32px;height:32px;",
        "line-height:32px;margin:2px}",
        "dl{grid-template-columns:1fr}dt{margin-top:4px;font-size:13px}",
        ".q,.q tbody,.q tr,.q td,.q tr>th{display:block}.q thead{display:none}.q td,.q tr>th{padding:1px 0;",
        "min-width:0!important}.q tr{padding:6px 0}summary{padding:9px 4px}}",
        "@media print{form,nav{display:none}}",
    };
    lines_write(file, lines, sizeof lines / sizeof lines[0]);
}

/* The document can be read without any of this: it filters, and opens what a link leads to. */
void rep_script_write(FILE *file)
{
    static const char *const lines[] = {
        "'use strict';(()=>{",
        "const all=(q,e=document)=>[...e.querySelectorAll(q)];",
        "all('form.js').forEach(f=>{f.hidden=false;f.addEventListener('submit',e=>e.preventDefault())});",
        "const reveal=()=>{let e=location.hash.length>1&&document.getElementById(decodeURIComponent(",
        "location.hash.slice(1)));if(!e)return;for(let d=e;d;d=d.parentElement){if(d.tagName==='DETAILS')",
        "d.open=true;if(d.hidden)d.hidden=false}e.scrollIntoView()};",
        "addEventListener('hashchange',reveal);reveal();",
        "const words=e=>(e.dataset.q+' '+e.querySelector('th,h3').textContent).toLowerCase();",
        "const form=document.getElementById('filter');",
        "const filter=()=>{const q=form.q.value.toLowerCase(),v=form.v.value,d=form.d.value;let n=0;",
        "all('tr.s,section.s').forEach(s=>{const matches=words(s).includes(q);let any=false;",
        "all('.k,.c',s).forEach(c=>{const verdict=c.dataset.v||c.classList[1];",
        "const shown=matches&&(!v||verdict===v)&&(!d||c.dataset.d===d);c.hidden=!shown;any=any||shown;",
        "if(shown&&c.dataset.v)n++});s.hidden=!any});",
        "all('.m tbody').forEach(b=>b.hidden=!all('tr.s',b).some(r=>!r.hidden));",
        "form.querySelector('output').textContent=q||v||d?n+' cases':''};",
        "form.addEventListener('input',filter);",
        "const rows=document.getElementById('rows');if(rows)rows.addEventListener('input',()=>{",
        "const q=rows.q.value.toLowerCase(),s=rows.s.value;let n=0;all('.q tbody tr').forEach(r=>{",
        "r.hidden=!(r.textContent.toLowerCase().includes(q)&&(!s||r.className===s));n+=!r.hidden});",
        "document.querySelector('details.r').open=true;rows.querySelector('output').textContent=n+' rows'});",
        "})();",
    };
    lines_write(file, lines, sizeof lines / sizeof lines[0]);
}
