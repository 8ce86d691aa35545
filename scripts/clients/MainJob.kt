import java.io.File
import java.security.MessageDigest
import kotlinx.coroutines.runBlocking
import lazyphotos.client.apis.AuthApi
import lazyphotos.client.apis.FeedApi
import lazyphotos.client.apis.UploadApi
import lazyphotos.client.infrastructure.ApiClient
import lazyphotos.client.infrastructure.Serializer
import lazyphotos.client.models.CreateUploadSessionRequest
import lazyphotos.client.models.FeedItem
import lazyphotos.client.models.LoginRequest

/**
 * Signs in, uploads a photo and reads the whole feed of the account that MainJob.java has filled, with the generated client.
 * Arguments: the node's URL, a small JPEG file.
 */
fun main(arguments: Array<String>) = runBlocking {
    val (url, picture) = arguments
    // Otherwise the client says null for every field that was not given, which is not the same.
    Serializer.kotlinxSerializationJsonConfiguration = { explicitNulls = false }
    val signedIn = AuthApi(url).login(LoginRequest("owner@example.org", "correct horse battery"))
    ApiClient.accessToken = signedIn.accessToken
    println("  Kotlin: signed in as ${signedIn.user.email}")

    upload(UploadApi(url), File(picture).readBytes())

    val counts = mutableMapOf<String, Int>()
    var cursor: String? = null
    do {
        val page = FeedApi(url).getFeed(cursor, 2)
        for (item in page.items) {
            val kind = when (item) {
                is FeedItem.PhotoWrapper -> "photo".also { check(item.value.data.hash.length == 64) }
                is FeedItem.AlbumWrapper -> "album".also { check(item.value.data.photoIds.size <= 1) }
                is FeedItem.TombstoneWrapper -> "tombstone".also { check(item.value.data.id != signedIn.user.id) }
            }
            counts.merge(kind, 1, Int::plus)
        }
        cursor = page.cursor
    } while (page.hasMore)
    check(counts.keys == setOf("photo", "album", "tombstone")) { "the feed had only $counts" }
    println("  Kotlin: read the feed: $counts")
}

private suspend fun upload(uploads: UploadApi, picture: ByteArray) {
    val content = picture + "kotlin".toByteArray()
    val hash = MessageDigest.getInstance("SHA-256").digest(content).joinToString("") { "%02x".format(it) }
    val session = uploads.createUploadSession(
        CreateUploadSessionRequest(hash, content.size.toLong(), "image/jpeg", fileName = "kotlin.jpg"),
    )
    val file = File.createTempFile("chunk", null)
    try {
        file.writeBytes(content)
        uploads.putChunk(session.uploadSessionId, 0, file)
    } finally {
        file.delete()
    }
    val photo = uploads.completeUpload(session.uploadSessionId)
    println("  Kotlin: uploaded photo ${photo.photoId}")
}
