/** A process that does the reindexing of the database of its arguments (URL, schema, FHIR base) until it is killed. */
import { openCatalogue } from '../../src/fhir/catalogue/open-catalogue.ts';
import { reindexHandler } from '../../src/fhir/catalogue/run-reindex.ts';
import { silent } from '../../src/shared/logger.ts';
import { runJobs } from '../../src/store/jobs/run-jobs.ts';
import { openStore } from '../../src/store/open.ts';

const [databaseUrl = '', schema = '', base = ''] = process.argv.slice(2);
const store = await openStore({ databaseUrl, schema, queryTimeoutSeconds: 20, log: silent });
const catalogue = await openCatalogue({ store, log: silent });
const reindex = reindexHandler({ store, catalogue, base, log: silent });
await runJobs({ databaseUrl, schema, handlers: { reindex }, concurrency: 1, log: silent });
