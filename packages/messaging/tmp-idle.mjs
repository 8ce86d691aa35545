import pg from 'pg';
import { createTestDatabase } from '@lazyphotos/testkit';
import { topology } from '@lazyphotos/contracts';
import { createPgBossBus } from '@lazyphotos/messaging';
let n=0;
const orig = pg.Client.prototype.query;
pg.Client.prototype.query = function (...a) { n++; return orig.apply(this,a); };
const db = await createTestDatabase('idle');
const b2 = await createPgBossBus({ url: db.url, topology, exclusive:true });
for (const q of Object.keys(topology)) await b2.consume(q, async()=>{}, { concurrency: 2 });
await new Promise(r=>setTimeout(r,8000)); n=0;
for(const s of [20,40,60,120]){ await new Promise(r=>setTimeout(r,s===20||s===120? (s===20?20000:60000):20000)); console.log(s,n); }
await b2.close(); await db.drop();
