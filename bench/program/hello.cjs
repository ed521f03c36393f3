/** The worker that PM2 runs: the smallest server, on any free port. */
const http = require('node:http')

http.createServer((_request, response) => response.end('hello\n')).listen(0, '127.0.0.1')
