import { expect, test } from '@jest/globals';
import { bundledBom } from '../../release/sbom.ts';

test('the bill of materials has what is deployed, with its licences, and nothing else', async () => {
  const { metadata, components, dependencies } = await bundledBom();
  expect(metadata.component).toMatchObject({ name: 'twilio-call-recorder', purl: expect.any(String) });
  const names = components.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['@aws-sdk/client-dynamodb', '@smithy/core', 'twilio', 'valibot']),
  );
  for (const name of ['aws-cdk-lib', 'commander', 'jest', '@aws-sdk/credential-provider-node']) {
    expect(names).not.toContain(name);
  }
  for (const component of components) {
    expect(component).toMatchObject({
      version: expect.any(String),
      hashes: [expect.anything()],
      licenses: [expect.anything()],
    });
  }
  expect(dependencies).toHaveLength(components.length + 1);
});
