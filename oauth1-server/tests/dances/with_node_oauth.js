// Node's oauth through the three legs, as the comments of its functions have it.
//
//     npm install oauth@0.10.2

const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const { OAuth } = require('oauth');

async function dance() {
  const { OAUTH1_SITE: site, OAUTH1_CALLBACK: callback } = process.env;
  // Its README has 1.0A for the version, which goes into oauth_version; section 3.1 knows only 1.0.
  const oauth = new OAuth(
    `${site}/oauth/initiate`, `${site}/oauth/token`,
    process.env.OAUTH1_APP_KEY, process.env.OAUTH1_APP_SECRET, '1.0', callback, 'HMAC-SHA1',
  );
  // Their callbacks have more values than one.
  const call = (name, ...values) => new Promise((resolve, reject) => {
    oauth[name](...values, (error, ...results) => (error ? reject(error) : resolve(results)));
  });

  const [temporary, temporarySecret, results] = await call('getOAuthRequestToken');
  if (results.oauth_callback_confirmed !== 'true') throw new Error('the callback was not confirmed');

  const page = `${site}/oauth/authorize?oauth_token=${encodeURIComponent(temporary)}`;
  const person = await promisify(execFile)('python3', [process.env.OAUTH1_APPROVE, page]);
  const answer = person.stdout.trim();
  const verifier = callback === 'oob' ? answer : new URL(answer).searchParams.get('oauth_verifier');

  const [token, tokenSecret] = await call('getOAuthAccessToken', temporary, temporarySecret, verifier);
  const [echo] = await call('get', `${site}/echo?page=2`, token, tokenSecret);
  console.log(JSON.stringify({ temporary, token, echo: JSON.parse(echo) }));
}

dance().catch((error) => {
  console.error(error);
  process.exit(1);
});
