# shellcheck shell=bash disable=SC2154 # the variables of scripts/verify-clients
# Generates and compiles the clients. Each has its options in <client>.yaml and its folder in $work.

generator_version=7.25.0
dependency_plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
clients=(java kotlin swift6 dart)

maven() {
  mvn --batch-mode --quiet "$@"
}

fetch_generator() {
  maven "$dependency_plugin:copy" \
    -Dartifact="org.openapitools:openapi-generator-cli:$generator_version" -DoutputDirectory="$work"
}

generate() {
  java -jar "$work/openapi-generator-cli-$generator_version.jar" generate \
    --config "$root/scripts/clients/$1.yaml" --input-spec "$document" --output "$work/$1"
}

compile_java() {
  cd "$work/java"
  maven -DskipTests -Dmaven.javadoc.skip=true package "$dependency_plugin:copy-dependencies" -DincludeScope=runtime
  mkdir main
  javac -d main -cp "$(java_classpath)" "$root/scripts/clients/MainJob.java"
  cd "$root"
}

java_classpath() {
  printf '%s' "$work/java/main:$work/java/target/classes:$work/java/target/dependency/*"
}

compile_kotlin() {
  cd "$work/kotlin"
  cp "$root/scripts/clients/kotlin-pom.xml" pom.xml
  mkdir main
  cp "$root/scripts/clients/MainJob.kt" main
  maven -DmainJob=main compile "$dependency_plugin:copy-dependencies" -DincludeScope=runtime
  cd "$root"
}

run_java() {
  java -cp "$(java_classpath)" MainJob "$url" "$(cat "$work/data/claim-code.txt")" "$picture"
}

run_kotlin() {
  java -cp "$work/kotlin/target/classes:$work/kotlin/target/dependency/*" MainJobKt "$url" "$picture"
}
