const express = require('express')

const app = express()
const port = process.env.PORT ?? 3000

app.use(express.json())
app.get('/', (_request, response) => response.json({ hello: 'express', pid: process.pid }))
app.post('/sum', (request, response) => response.json({ sum: request.body.a + request.body.b }))

app.listen(port, () => console.log(`listening on port ${port}`))
