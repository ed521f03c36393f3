/** The server that all sides run: it answers the path that it was asked for, under /slow/ after 200 ms. */
const http = require('node:http')

function answer(request, response) {
  if (request.url.startsWith('/slow/')) setTimeout(() => response.end(request.url), 200)
  else response.end(request.url)
}

module.exports = (listen) => http.createServer(answer).listen(listen)
