// Asks with the package's own functions: CONSO_TEST_CALLS is a list of [method, start, end]. Prints a list with what each came to:
// {"result"} or {"code", "response", "text"}.
import { Session } from "linky";

const session = new Session(process.env.CONSO_TEST_TOKEN, process.env.CONSO_TEST_PRM);
const answers = [];
for (const [method, start, end] of JSON.parse(process.env.CONSO_TEST_CALLS)) {
  try {
    answers.push({ result: await session[method](start, end) });
  } catch (error) {
    answers.push({ code: error.code, response: error.response, text: error.message });
  }
}
console.log(JSON.stringify(answers));
