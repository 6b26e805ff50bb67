import { bundledBom } from './sbom.ts';

console.log(JSON.stringify(await bundledBom(), null, 2));
