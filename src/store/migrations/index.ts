import { runs } from './0001-runs.js';
import { queue } from './0002-queue.js';
import { end } from './0003-end.js';
import { listing } from './0004-listing.js';
import { asked } from './0005-asked.js';
import { host } from './0006-host.js';
import { worked } from './0007-worked.js';
import { searches } from './0008-searches.js';
import { namespace } from './0009-namespace.js';
import { searchRest } from './0010-search-rest.js';

/** The first brings an empty file to version 1, the next to 2, … A migration that was released never changes. */
export const migrations: readonly string[] = [runs, queue, end, listing, asked, host, worked, searches, namespace, searchRest];
