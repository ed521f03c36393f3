import Fastify from 'fastify'

const app = Fastify({ logger: true })

app.get('/', async () => ({ hello: 'fastify', pid: process.pid }))
app.post('/sum', async (request) => ({ sum: request.body.a + request.body.b }))

process.on('SIGTERM', async () => {
  await app.close()
  process.exit(0)
})

await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
