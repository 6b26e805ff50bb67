import { writeFileSync } from 'node:fs';
import { synthesize } from './synthesize.ts';
import { DEPLOYED, kept } from './upgrade.ts';

/** Makes today's templates the ones that upgrades are tested against: `npm run renew:upgrade`, once they are released. */
const templates = Object.entries(DEPLOYED).map(([name, configuration]) => [
  name,
  kept(synthesize(configuration).toJSON().Resources),
]);
writeFileSync(
  new URL('../../fixtures/upgrade.json', import.meta.url),
  `${JSON.stringify(Object.fromEntries(templates), null, 2)}\n`,
);
